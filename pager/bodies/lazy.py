"""Parts that are computed when first opened, and kept from then on."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any

from ..address import join
from ..errors import NotComputed, PagerError
from ..intake.intake import take
from ..storage.record import Record
from ..storage.store import Store
from ..types import Call, Key, Kind, Lazy, Result
from .body import Body
from .load import load
from .source import Source, StoredText

Revive = Callable[[Call], object]
Path = tuple[str, ...]


class Parts:
    """Computes and keeps the parts of lazy results; `revive` answers a call again in a later process."""

    def __init__(self, store: Store, revive: Revive | None) -> None:
        self._store = store
        self._revive = revive
        self._live: dict[tuple[str, Path], Lazy] = {}
        self._lock = threading.RLock()

    def remember(self, result: str, lazy: Lazy) -> None:
        """Hold on to the value of a result, from which its parts can be computed."""
        self._live[result, ()] = lazy

    def known(self, result: Result, path: Path) -> Record | None:
        """A part that is already computed, or None."""
        return self._store.part(result.id, json.dumps(path))

    def record(self, result: Result, path: Path) -> Record:
        """A part, computed now if it never was; raises NotComputed where it cannot be."""
        with self._lock:
            found = self.known(result, path)
            if found is not None:
                return found
            value = self._compute(result, path)
            taken = take(self._store, value, None)
            if isinstance(value, Lazy):
                self._live[result.id, path] = value
            return self._store.add_part(result.id, json.dumps(path), taken.record)

    def _compute(self, result: Result, path: Path) -> object:
        address = join(result.id, *path)
        parent = self._lazy(result, path[:-1])
        try:
            return parent.child(path[-1])
        except PagerError:
            raise
        except Exception as error:
            reason = f"computing it raised {type(error).__name__}: {error}; nothing was kept, opening it tries again"
            raise NotComputed(address, reason) from error

    def _lazy(self, result: Result, path: Path) -> Lazy:
        """The live lazy value at a path, computed again where this process does not hold it."""
        held = self._live.get((result.id, path))
        if held is not None:
            return held
        value = self._compute(result, path) if path else self._root(result)
        if not isinstance(value, Lazy):
            raise NotComputed(
                join(result.id, *path), f"asked again, it gave {type(value).__name__} instead of its parts"
            )
        self._live[result.id, path] = value
        return value

    def _root(self, result: Result) -> object:
        if result.call is None:
            raise NotComputed(result.id, "its parts were never opened, and it has no call to repeat; put it again")
        if self._revive is None:
            raise NotComputed(
                result.id, f"its parts were never opened; give Pager a revive that can call {result.call.tool}"
            )
        try:
            return self._revive(result.call)
        except PagerError:
            raise
        except Exception as error:
            reason = f"calling {result.call.tool} again raised {type(error).__name__}: {error}"
            raise NotComputed(result.id, reason) from error


class LazyBody:
    """A node whose children are computed when opened; its own text is their outline."""

    def __init__(self, parts: Parts, store: Store, result: Result, path: Path, record: Record) -> None:
        self.parts = parts
        self._store = store
        self._result = result
        self._path = path
        self._record = record

    @property
    def kind(self) -> Kind:
        return "lazy"

    def source(self) -> Source:
        return StoredText(self._store, self._record.content, 0, self._record.size_bytes, "surrogatepass")

    @cached_property
    def _outline(self) -> dict[str, Any]:
        outline: dict[str, Any] = json.loads(self.source().read(0, self._record.size_bytes))
        return outline

    @cached_property
    def names(self) -> dict[str, None]:
        """The names of its children, in order."""
        return dict.fromkeys(self._outline["children"])

    def length(self) -> int:
        return len(self.names)

    def value(self) -> Any:
        return self._outline

    def child(self, key: Key) -> Body:
        if str(key) not in self.names:
            raise KeyError(key)
        path = (*self._path, str(key))
        return self._body(path, self.parts.record(self._result, path))

    def computed(self, key: str) -> Body | None:
        """A child if it is already computed."""
        path = (*self._path, key)
        record = self.parts.known(self._result, path)
        return None if record is None else self._body(path, record)

    def _body(self, path: Path, record: Record) -> Body:
        if record.layout == "lazy":
            return LazyBody(self.parts, self._store, self._result, path, record)
        return load(self._store, record)

    def slice(self, start: int, stop: int) -> Body:
        raise TypeError("no numbered items")

    def keys(self, start: int, stop: int) -> Sequence[Key]:
        return list(self.names)[start:stop]

    def rows(self) -> Iterator[dict[str, Any]] | None:
        return None
