"""The pager: results in, addressable bounded pages out."""

import hashlib
import json
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from .address import Address, format_step, parse_address
from .bodies.body import Body, numbered
from .bodies.lazy import LazyBody, Parts, Revive
from .bodies.load import load
from .errors import TooLong, UnknownAddress
from .intake.intake import Intake, check_readable, take, take_file
from .intake.stream import Stream, most_bytes, taken
from .node import Node
from .paging import Paging, Size, hold
from .search.nearest import closest
from .sql.worker import Worker
from .storage.original import original, utf8
from .storage.record import Record
from .storage.retention import expiring
from .storage.store import ContentGone, store_at
from .tokens import TokenCounter, counter
from .types import Call, Lazy, Matches, Page, Result, Rows, Statements

BODIES_KEPT = 8
NODES_KEPT = 16
CHILDREN_SHOWN = 24
OUTLINED_BYTES = 256 * 1024


class Pager:
    """Keeps what tools return and shows it in pages; a context manager.

    `store`: a folder that keeps results, a `postgresql://` URL for what several machines share, or None for memory.
    `counter`: how tokens are counted (cl100k_base unless given). `revive`: answers a call again, so that a lazy result
    can be opened further in a later process.
    """

    def __init__(
        self,
        store: str | Path | None = None,
        *,
        counter: TokenCounter | None = None,
        revive: Revive | None = None,
    ) -> None:
        self._store = store_at(store)
        self._given = counter
        self._counted: TokenCounter | None = counter
        self._cutter: Paging | None = None
        self._parts = Parts(self._store, revive)
        self._bodies: OrderedDict[str, Body] = OrderedDict()
        self._nodes: OrderedDict[str, Node] = OrderedDict()
        self._worker = Worker()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release the store, and the process that answered queries."""
        self._worker.close()
        self._store.close()

    @property
    def counter(self) -> TokenCounter:
        """What counts tokens."""
        if self._counted is None:
            self._counted = counter()
        return self._counted

    def put(self, value: object, *, name: str | None = None, call: Call | None = None) -> Result:
        """Keep any Python value; the same content under the same name and call is the same result.

        Bytes and str are looked into (JSON, CSV, log, code, text); `name` helps with its ending, as in `a.csv`.
        Raises NotStorable for a value that contains itself, StoreFailed where the store cannot be written.
        """
        return self._listed(lambda: take(self._store, value, name), value, name, call)

    def put_file(
        self, path: str | Path, *, name: str | None = None, call: Call | None = None, limit_bytes: int | None = None
    ) -> Result:
        """Keep a file's content; a large one is never whole in memory. Raises PagerError where none can be read.

        A pipe or a device, whose size nobody knows, is read as `put_stream` reads it.
        """
        file = Path(path)
        check_readable(file)
        label = name or file.name
        if not file.is_file():
            with file.open("rb") as stream:
                return self.put_stream(stream, name=label, call=call, limit_bytes=limit_bytes)
        return self._listed(lambda: take_file(self._store, file, label), None, label, call)

    def put_stream(
        self, stream: Stream, *, name: str | None = None, call: Call | None = None, limit_bytes: int | None = None
    ) -> Result:
        """Keep all that a stream says, to its end; a long one is never whole in memory.

        Raises TooLong where it goes on after `limit_bytes` (a quarter of the free disk unless given): of a pipe, which
        can't be read again, what came before is kept.
        """
        limit = most_bytes() if limit_bytes is None else limit_bytes
        with taken(stream, limit) as found:
            if found.goes_on and stream.seekable():
                raise TooLong(limit, None)
            if found.path is None:
                result = self.put(found.data, name=name, call=call)
            else:
                result = self.put_file(found.path, name=name or "stream", call=call)
        if found.goes_on:
            raise TooLong(limit, result.id)
        return result

    def results(self, *, last: int | None = None) -> list[Result]:
        """The newest `last` results of the store, every one unless given, oldest first."""
        return self._store.results(last)

    def pin(self, result: str, *, pinned: bool = True) -> None:
        """Keep a result from expiring, or, with `pinned=False`, no longer. Raises UnknownAddress."""
        self._store.pin(self._root(result).result.id, pinned=pinned)

    def pinned(self) -> frozenset[str]:
        """The ids of results that do not expire."""
        return self._store.pinned()

    def expire(self, *, older_than: timedelta | None = None, keep_bytes: int | None = None) -> list[Result]:
        """Delete what is older than that, then the oldest until at most `keep_bytes` are left; which they were.

        Pinned results stay. An id is never given again: opening an expired one says when it expired.
        """
        gone = expiring(
            self.results(), self.pinned(), older_than=older_than, keep_bytes=keep_bytes, now=datetime.now(UTC)
        )
        deleted = self._store.expire(result.id for result in gone)
        self._bodies.clear()
        self._nodes.clear()
        return [result for result in gone if result.id in deleted]

    def node(self, address: str) -> Node:
        """The part at an address; a page number is ignored. Raises UnknownAddress with `.nearest`."""
        return self._node(self._parsed(address))

    def open(self, address: str, *, limit_tokens: int = 1000) -> Page:
        """A page of what lives at an address (the first unless `#k` says which), at most `limit_tokens` long.

        Raises UnknownAddress, NotComputed, and LimitTooSmall where not even one character fits.
        """
        parsed = self._parsed(address)
        node = self._node(parsed)
        shown = self._paging.page(
            node.address,
            node.body.source(),
            page=1 if parsed.page is None else parsed.page,
            part=parsed.part,
            limit_tokens=limit_tokens,
        )
        return Page(
            address=node.address, text=shown.text, tokens=shown.tokens, page=shown.page, pages=shown.pages,
            next=shown.following, children=_children(node), kind=node.kind, part=shown.part, note=node.note,
        )  # fmt: skip

    def original(self, address: str) -> Iterator[bytes]:
        """A result's bytes as they were put, a piece at a time; of a part, an array or a lazy value its text, in UTF-8.

        Raises UnknownAddress, NotComputed.
        """
        node = self.node(address)
        found = self._store.result(node.address)
        return utf8(node.pieces()) if found is None else original(self._store, found[1], node.pieces())

    def size(self, address: str) -> Size:
        """How many tokens the text at an address takes: exact up to 128 KiB, else estimated from samples."""
        node = self.node(address)
        return self._paging.size(node.address, node.body.source())

    def find(
        self,
        address: str,
        pattern: str,
        *,
        limit_tokens: int = 500,
        max_matches: int = 20,
        timeout_seconds: float = 10,
        statements: Statements | None = None,
    ) -> Matches:
        """Where a pattern occurs in keys, values, cells or lines below an address, with the address of each place.

        `pattern` is a regular expression (taken literally when it is none), case-blind unless it has capitals. Where it
        matches nothing it is read as plain words, a question say: the records, lines and lists most about them come
        first, with enough of each to answer. `statements` gives texts on the node that are ranked among them.
        """
        from .search.find import search

        return search(
            self.node(address),
            pattern,
            self.counter,
            limit_tokens=limit_tokens,
            max_matches=max_matches,
            timeout_seconds=timeout_seconds,
            statements=statements,
        )

    def query(
        self,
        address: str,
        sql: str,
        *,
        limit_tokens: int = 500,
        max_rows: int = 200,
        timeout_seconds: float = 10,
    ) -> Rows:
        """The answer of one SELECT over the table at an address, which it calls `t`; text and logs are t(line, text).

        Raises NotATable, which names the tables below, and QueryFailed.
        """
        from .sql.query import run

        node = self.node(address)
        return run(
            node,
            sql,
            self.counter,
            self._worker,
            limit_tokens=limit_tokens,
            max_rows=max_rows,
            timeout_seconds=timeout_seconds,
        )

    def remember(self, key: str, text: str) -> None:
        """Keep what was dear to work out (a model's reply, say) beside the results; the first under a key stands."""
        self._store.remember(key, text)

    def recalled(self, key: str) -> str | None:
        """What was remembered under a key, in this process or an earlier one; None where nothing was."""
        return self._store.recalled(key)

    @property
    def _paging(self) -> Paging:
        if self._cutter is None:
            self._cutter = Paging(self.counter)
        return self._cutter

    def _listed(self, take_in: Callable[[], Intake], value: object, name: str | None, call: Call | None) -> Result:
        """What was taken in and given its id; where its content expired in between, once more."""
        try:
            return self._list(take_in(), value, name, call)
        except ContentGone:
            return self._list(take_in(), value, name, call)

    def _list(self, taken: Intake, value: object, name: str | None, call: Call | None) -> Result:
        """Give what was taken in its id."""
        name = None if name is None else name.encode("utf-8", "backslashreplace").decode()
        anonymous = isinstance(value, Lazy) and call is None
        fingerprint = None if anonymous else _fingerprint(taken, name, call)
        result = self._store.add_result(taken.record, name=name, call=call, fingerprint=fingerprint)
        if isinstance(value, Lazy):
            self._parts.remember(result.id, value)
        elif taken.parsed is not None:
            hold(self._bodies, result.id, load(self._store, taken.record, taken.parsed), BODIES_KEPT)
        return result

    def _parsed(self, address: str) -> Address:
        """An address taken apart; where it is none, the error names what its beginning leads to."""
        try:
            return parse_address(address)
        except UnknownAddress as error:
            raise UnknownAddress(error.address, error.reason, self._resolving(error.nearest)) from None

    def _resolving(self, addresses: Sequence[str]) -> Sequence[str]:
        """Those of the addresses that lead somewhere, or else the nearest that do."""
        for address in addresses:
            try:
                return [self._node(parse_address(address)).address]
            except UnknownAddress as error:
                return error.nearest
        return [result.id for result in self._store.results()[-5:]]

    def _node(self, address: Address) -> Node:
        """The node of an address; the latest are remembered, so that their next page needs no parsing."""
        key = address.result + "".join(map(format_step, address.steps))
        node = self._nodes.get(key)
        if node is None:
            node = self._root(address.result)
            for step in address.steps:
                node = node.step(step)
            if address.steps:
                hold(self._nodes, key, node, NODES_KEPT)
        return node

    def _root(self, identifier: str) -> Node:
        found = self._store.result(identifier)
        if found is None:
            at = self._store.expired(identifier)
            raise _no_result(identifier, self._store.results(), at)
        result, record = found
        return Node(result, result.id, lambda: self._body(result, record), result.name, lambda: self._earlier(result))

    def _earlier(self, result: Result) -> Node | None:
        found = self._store.earlier(result)
        return None if found is None else self._root(found)

    def _body(self, result: Result, record: Record) -> Body:
        held = self._bodies.get(result.id)
        if held is not None:
            return held
        lazy = record.layout == "lazy"
        body = LazyBody(self._parts, self._store, result, (), record) if lazy else load(self._store, record)
        hold(self._bodies, result.id, body, BODIES_KEPT)
        return body


def _fingerprint(taken: Intake, name: str | None, call: Call | None) -> str:
    """What makes two results the same: content, how it was read, name and call."""
    record = taken.record
    asked = None if call is None else [call.tool, dict(call.arguments)]
    told = [taken.digest, record.layout, record.kind, record.encoding, record.size_bytes, name, asked]
    return hashlib.blake2b(json.dumps(told, sort_keys=True, default=str).encode(), digest_size=20).hexdigest()


def _no_result(identifier: str, results: list[Result], expired: str | None) -> UnknownAddress:
    if expired is not None:
        return UnknownAddress(identifier, f"it expired at {expired}; what it held must be asked for again")
    if not results:
        return UnknownAddress(identifier, "the store is empty; put a result first")
    names = [result.id for result in results]
    named = [result.id for result in results if result.name and result.name == identifier]
    nearest = named or closest(identifier, names)
    return UnknownAddress(identifier, f"results are {names[0]} to {names[-1]}", nearest)


def _children(node: Node) -> tuple[str, ...]:
    """Addresses of the first children, where they are known without reading more than a page costs."""
    body = node.body
    if node.kind in ("log", "bytes"):
        return ()
    if node.kind in ("text", "code", "value") and (node.size_bytes or 0) > OUTLINED_BYTES:
        return ()
    shown = 1 if numbered(body) and node.kind not in ("text", "code", "value") else CHILDREN_SHOWN
    return tuple(node.address_of(key) for key in body.keys(0, shown))
