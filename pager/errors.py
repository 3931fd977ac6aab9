"""What can go wrong in the pager; every message says what happened, the numbers, and the remedy.

PagerError
├── UnknownAddress    nothing lives there; `.nearest` holds addresses that do
├── NotATable         rows were asked of something that has none
├── QueryFailed       SQL that is refused, wrong, or over its bounds
├── LimitTooSmall     not even one character fits the limit
├── NotComputed       a lazy part cannot be computed now
├── TooLong           a stream goes on after as much as may be read of it; `.kept` is its beginning
├── NotStorable       a value that has no text form, such as one that contains itself
└── StoreFailed       the store cannot be opened, read or written
"""

from collections.abc import Sequence


class PagerError(Exception):
    """The base of every error the pager raises on purpose."""


class UnknownAddress(PagerError):
    """Nothing lives at this address; `nearest` holds addresses that do resolve."""

    def __init__(self, address: str, reason: str, nearest: Sequence[str] = ()) -> None:
        self.address = address
        self.reason = reason
        self.nearest = tuple(dict.fromkeys(nearest))
        near = f"; nearest: {', '.join(self.nearest)}" if self.nearest else ""
        super().__init__(f"nothing at {address}: {reason}{near}")


class NotATable(PagerError):
    """The node has no rows; `tables` holds the addresses below it that have."""

    def __init__(self, address: str, kind: str, tables: Sequence[str] = ()) -> None:
        self.address = address
        self.kind = kind
        self.tables = tuple(tables)
        below = f"; tables below it: {', '.join(self.tables)}" if self.tables else "; open it, or use find"
        super().__init__(f"{address} is {kind}, not a table{below}")


class QueryFailed(PagerError):
    """The SQL was refused, is wrong, or went over its bounds."""


class LimitTooSmall(PagerError):
    """Not even one character fits `limit_tokens`; `smallest` is the smallest limit that works there."""

    def __init__(self, address: str, limit_tokens: int, smallest: int) -> None:
        self.address = address
        self.limit_tokens = limit_tokens
        self.smallest = smallest
        super().__init__(
            f"limit_tokens={limit_tokens} is too small for {address}: one character there takes {smallest} tokens; "
            f"use limit_tokens={smallest} or more"
        )


class NotComputed(PagerError):
    """A lazy part that is not in the store cannot be computed now."""

    def __init__(self, address: str, reason: str) -> None:
        self.address = address
        super().__init__(f"{address} is not computed: {reason}")


class TooLong(PagerError):
    """A stream goes on after `limit_bytes`; `kept` is the id of what was read, None where it can be read again."""

    def __init__(self, limit_bytes: int, kept: str | None) -> None:
        self.limit_bytes = limit_bytes
        self.kept = kept
        what = "nothing of it is kept, and it can be read again" if kept is None else f"so much of it is kept as {kept}"
        super().__init__(
            f"the input goes on after {limit_bytes:,} bytes, the limit: {what}; raise limit_bytes for more"
        )


class NotStorable(PagerError):
    """The value has no finite text form."""


class StoreFailed(PagerError):
    """The store cannot be opened, read or written."""
