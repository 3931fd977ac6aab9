"""One addressable part of a result."""

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any, cast

from .address import Slice, Step, format_step, join
from .bodies.body import Body, numbered
from .bodies.lazy import LazyBody
from .bodies.source import MemoryText
from .bodies.textbody import TextBody
from .errors import NotATable, UnknownAddress
from .search.nearest import closest
from .shape import unit_of
from .types import Key, Kind, Result

TABLES_NAMED = 8
_PIECE = 1 << 18  # units of the source


class Node:
    """One addressable part of a result: cheap to make, read only when asked.

    `worked_out` is for whoever reads it to keep what is needed again, until the node is forgotten.
    A line's text leaves its line end out. `unit` names what `len` counts; `size_bytes` is the size of the node's
    text, None where it would have to be computed.
    """

    def __init__(
        self,
        result: Result,
        address: str,
        opener: Callable[[], Body],
        name: str | None,
        earlier: Callable[[], "Node | None"] | None = None,
    ) -> None:
        self.result = result
        self.address = address
        self.name = name
        self.worked_out: dict[str, Any] = {}
        self._opener = opener
        self._earlier = earlier
        self._body: Body | None = None

    def __repr__(self) -> str:
        return f"Node({self.address!r})"

    @property
    def body(self) -> Body:
        """What the node holds; a lazy part is computed here."""
        if self._body is None:
            self._body = self._opener()
        return self._body

    @property
    def kind(self) -> Kind:
        """Which kind of node it is."""
        return self.body.kind

    @property
    def note(self) -> str | None:
        """What happened to the result on its way in."""
        return self.result.note

    @property
    def encoding(self) -> str | None:
        """The encoding the result came in, None for what were no bytes."""
        return self.result.encoding

    @property
    def unit(self) -> str:
        """What `len` counts: rows, keys, items, elements, lines, bytes or children."""
        return unit_of(self.kind)

    @property
    def size_bytes(self) -> int | None:
        """The length of the text in UTF-8, or None where it would have to be computed."""
        return self.body.source().size_bytes

    def __len__(self) -> int:
        return self.body.length()

    def __bool__(self) -> bool:
        return True

    def previous(self) -> "Node | None":
        """What the same call (or, put without one, the same name) gave before, where that was something else.

        None for the first such result, and for a part of one.
        """
        return self._earlier() if self._earlier is not None else None

    def pieces(self) -> Iterator[str]:
        """The whole text, a piece at a time, so that one of any size can be written out."""
        source, start = self.body.source(), 0
        while start < source.size:
            stop = source.edge(start + _PIECE, _PIECE // 2) if start + _PIECE < source.size else source.size
            yield source.read(start, stop)
            start = stop

    def text(self) -> str:
        """The whole text."""
        source = self.body.source()
        return source.read(0, source.size)

    def lines(self, start: int = 0, stop: int | None = None) -> Iterator[str]:
        """The lines of its text from start to stop, without line ends, read as they are asked for."""
        return self._as_text().lines(start, stop)

    def blocks(self) -> Iterator[str]:
        """Its text in pieces of many whole lines, their ends as they stand."""
        return self._as_text().blocks()

    def _as_text(self) -> TextBody:
        if isinstance(self.body, TextBody):
            return self.body
        source = self.body.source()
        text = source if hasattr(source, "line_count") else MemoryText(self.text())
        return TextBody(cast(MemoryText, text), "text")

    def value(self) -> Any:
        """The parsed value: JSON-like, numpy.ndarray for an array, str for text, bytes for bytes.

        The rows of a table are parsed once and kept as long as the node.
        """
        return self._rows if self.kind == "table" else self.body.value()

    @cached_property
    def _rows(self) -> Any:
        return self.body.value()

    def rows(self) -> list[dict[str, Any]]:
        """The rows of a table; also of a mapping of alike mappings (first column `key`) or of columns.

        Raises NotATable, which names the tables below, for anything else.
        """
        if self.kind == "table":
            return [row if isinstance(row, dict) else {"text": row} for row in self._rows]
        rows = self.body.rows()
        if rows is None:
            raise NotATable(self.address, self.kind, self._tables())
        return list(rows)

    def child(self, key: Key) -> "Node":
        """A child by name or number; raises UnknownAddress with the nearest that exist."""
        return self.step(key)

    def children(self, start: int = 0, stop: int | None = None) -> list["Node"]:
        """The named or numbered children from start to stop; for text its sections, for code its definitions."""
        end = len(self) if stop is None and numbered(self.body) else (1 << 62 if stop is None else stop)
        return [self._listed(key) for key in self.body.keys(start, end)]

    def address_of(self, key: Key) -> str:
        """The address a child of that name or number has."""
        return join(self.address, key)

    def slice(self, start: int, stop: int) -> "Node":
        """The items from start to stop (exclusive); raises UnknownAddress where there are none."""
        return self._sliced(Slice(start, stop))

    def step(self, step: Step) -> "Node":
        """A child, an item or a slice; raises UnknownAddress."""
        if isinstance(step, Slice):
            return self._sliced(step)
        body = self.body
        if isinstance(step, int) and not numbered(body):
            step = str(step)
        elif isinstance(step, str) and numbered(body) and step.lstrip("-").isascii() and step.lstrip("-").isdigit():
            step = self._number_or_name(body, step)
        return self._item(body, step) if isinstance(step, int) else self._named(body, str(step))

    def _number_or_name(self, body: Body, step: str) -> Step:
        return step if isinstance(body, TextBody) and any(part.key == step for part in body.sections) else int(step)

    def _named(self, body: Body, key: str) -> "Node":
        if isinstance(body, LazyBody):
            if key in body.names:
                return self._listed(key)
        else:
            try:
                child = body.child(key)
            except (KeyError, IndexError):
                pass
            else:
                known = body.section(key).key if isinstance(body, TextBody) else key
                return Node(self.result, join(self.address, known), lambda: child, known)
        raise UnknownAddress(join(self.address, key), self._missing(key), self._near(key))

    def _item(self, body: Body, index: int) -> "Node":
        length = body.length()
        at = index + length if index < 0 else index
        if not 0 <= at < length:
            raise UnknownAddress(self.address_of(index), self._extent(length), self._ends(length))
        return self._listed(at)

    def _sliced(self, step: Slice) -> "Node":
        body = self.body
        address = self.address + format_step(step)
        if not numbered(body):
            has = "is one value" if body.kind == "value" else f"has {unit_of(body.kind)} by name"
            raise UnknownAddress(address, f"{self.address} {has}", self._near(""))
        length = body.length()
        start, stop, _ = slice(step.start, step.stop).indices(length)
        if start >= stop:
            raise UnknownAddress(address, self._extent(length), self._ends(length))
        opened = body.slice(start, stop)
        name = f"{start}:{stop}"
        return Node(self.result, self.address + format_step(Slice(start, stop)), lambda: opened, name)

    def _listed(self, key: Key) -> "Node":
        body = self.body
        return Node(self.result, join(self.address, key), lambda: body.child(key), str(key))

    def _missing(self, key: str) -> str:
        kind = self.kind
        names = "sections" if kind in ("text", "code", "log") else unit_of(kind)
        return f"no {key!r} among its {len(self)} {names}" if names != "sections" else f"no section {key!r}"

    def _extent(self, length: int) -> str:
        unit = unit_of(self.kind)
        return f"{unit} are numbered 0 to {length - 1}" if length else f"there are no {unit}"

    def _ends(self, length: int) -> list[str]:
        return [self.address_of(0), self.address_of(length - 1)] if length else [self.address]

    def _near(self, key: str) -> list[str]:
        """The addresses of children whose names come closest; the node's own when it has none."""
        keys = self.body.keys(0, 10_000)
        names = [one for one in keys if isinstance(one, str)]
        if not names and keys:
            inner = self._inner_near(key)
            return [*inner, *self._ends(len(self))]
        return [self.address_of(name) for name in closest(key, names)] or [self.address]

    def _inner_near(self, key: str) -> list[str]:
        """The same name one level down, where a table was asked for a column."""
        first = self._listed(0)
        names = [one for one in first.body.keys(0, 1000) if isinstance(one, str)]
        return [first.address_of(name) for name in closest(key, names)[:1]] if key in names else []

    def _tables(self) -> list[str]:
        """Tables among the children and theirs, without computing lazy parts."""
        found: list[str] = []
        todo: list[Node] = [self]
        for node in todo:
            if isinstance(node.body, LazyBody) or len(todo) > 400 or len(found) >= TABLES_NAMED:
                continue
            children = node.children(0, 50) if node.kind in ("mapping", "list") else []
            found += [child.address for child in children if child.body.rows() is not None]
            todo += [child for child in children if child.kind in ("mapping", "list")]
        return found[:TABLES_NAMED]
