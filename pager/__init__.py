"""Tool results as addressable pages within a token limit: put, open, find, query."""

from .address import join, root_of, without_page
from .errors import (
    LimitTooSmall,
    NotATable,
    NotComputed,
    NotStorable,
    PagerError,
    QueryFailed,
    StoreFailed,
    TooLong,
    UnknownAddress,
)
from .node import Node
from .pager import Pager
from .paging import Size
from .search.phrase import Phrase
from .tokens import FunctionCounter, TokenCounter, counter
from .types import Call, Key, Kind, Lazy, Match, Matches, Page, Result, Rows, Statement

__all__ = [
    "Call",
    "FunctionCounter",
    "Key",
    "Kind",
    "Lazy",
    "LimitTooSmall",
    "Match",
    "Matches",
    "Node",
    "NotATable",
    "NotComputed",
    "NotStorable",
    "Page",
    "Pager",
    "PagerError",
    "Phrase",
    "QueryFailed",
    "Result",
    "Rows",
    "Size",
    "Statement",
    "StoreFailed",
    "TokenCounter",
    "TooLong",
    "UnknownAddress",
    "counter",
    "join",
    "root_of",
    "without_page",
]
