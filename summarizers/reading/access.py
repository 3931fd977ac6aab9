"""Requests in web server logs: method, path, status, size, as the common and combined formats write them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_REQUEST = re.compile(
    r'"(?P<method>[A-Z]{3,10}) (?P<path>[^ "?#]{1,2000})[^"]{0,2000}"'
    r" (?:status: )?(?P<status>[1-5]\d\d) (?P<size>\d+|-)(?P<rest>(?: .*)?)"
)
_LAST = re.compile(r'(?: "[^"]{0,2000}"){0,3} (?P<took>\d+(?:\.\d+)?)(?: |$)')  # as nginx and Apache append it
_NAMED = re.compile(
    r"\b(?P<label>[a-z_]*(?:rt|time|took|duration|latency)(?:_[a-z]+)?)[=:]\"?(?P<value>\d+(?:\.\d+)?)\b"
)


_CLASSES = {"1": "informed", "2": "answered", "3": "redirected", "4": "client errors", "5": "server errors"}


@dataclass(frozen=True, slots=True)
class Request:
    """One request and its answer; `size` in bytes, empty where none was sent; `rest`: what is logged after it."""

    method: str
    path: str
    status: str
    size: str
    rest: str = ""

    @property
    def kind(self) -> str:
        """Method and class of status: what makes requests alike."""
        return f"{self.method} requests: {_CLASSES[self.status[0]]}"

    def columns(self) -> Iterator[tuple[str, str]]:
        """Yield (label, value) pairs to count."""
        yield "status", self.status
        yield "path", self.path
        if self.size:
            yield "bytes sent", self.size
        if not self.rest:
            return
        if took := _LAST.match(self.rest):
            yield "time taken", took["took"]
        for named in _NAMED.finditer(self.rest):
            yield named["label"], named["value"]


def request_of(message: str) -> Request | None:
    """Return the request a message logs, or None.

    >>> request_of('"GET /a?b=1 HTTP/1.1" 404 512').status
    '404'
    """
    found = _REQUEST.search(message) if '" ' in message else None
    if found is None:
        return None
    return Request(
        found["method"], found["path"], found["status"], found["size"].replace("-", ""), found["rest"].rstrip()
    )
