"""The plain values that go in and out of the pager."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["table", "mapping", "list", "array", "log", "text", "code", "bytes", "lazy", "value"]
Key: TypeAlias = str | int


@dataclass(frozen=True, slots=True)
class Call:
    """The tool call that a result answers; its arguments are JSON values."""

    tool: str
    arguments: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Lazy:
    """What a layer-by-layer tool returns: names of parts, each computed when it is first opened.

    `child` is called with one of `keys` and returns any value, or another `Lazy`. `about` is what is known
    without computing anything; it is shown in the node's own text.
    """

    keys: tuple[str, ...]
    child: Callable[[str], object]
    about: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """What a tool returned, as the store keeps it. `note` says what happened on the way in, if anything did."""

    id: str
    name: str | None
    kind: Kind
    size_bytes: int
    encoding: str | None
    note: str | None
    call: Call | None
    created: str


@dataclass(frozen=True, slots=True)
class Page:
    """A slice of one node within a token limit; the pages of a node, joined, are its text.

    `part` is 1 unless a window of a large node was denser than foreseen and had to be cut again; `next` names
    the page that follows, or None; `children` are the addresses of the node's first children.
    """

    address: str
    text: str
    tokens: int
    page: int
    pages: int
    next: str | None
    children: tuple[str, ...]
    kind: Kind
    part: int = 1
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """One place where a pattern was found."""

    address: str
    text: str


@dataclass(frozen=True, slots=True)
class Statement:
    """What is known of a part of a result; `about`: words a question may have for it besides those of its text."""

    address: str
    text: str
    about: str = ""


Statements = Callable[[], Iterable[Statement]]
"""What is known of a node; asked only when a search's pattern itself matches nothing."""


@dataclass(frozen=True, slots=True)
class Matches:
    """What a search found: the first matches, how many there are in all, and the answer as bounded text.

    `searched` says what was looked through and what was not. Where nothing matched as a pattern, `ranked` holds the
    parts shown that are most about its words, best first, `shared` counts those that share one, and `near` holds words
    like it.
    """

    matches: tuple[Match, ...]
    total: int
    text: str
    tokens: int
    searched: str
    near: tuple[str, ...] = ()
    ranked: tuple[Match, ...] = ()
    shared: int = 0


@dataclass(frozen=True, slots=True)
class Rows:
    """What a query answered: JSON-like cells, how many rows there are in all (None: more than were counted)."""

    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]
    total: int | None
    text: str
    tokens: int
    truncated: bool
