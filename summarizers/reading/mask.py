"""Messages with their variable parts masked as `<*>`, and what the masked parts are called."""

from __future__ import annotations

import re
from itertools import pairwise

MASK = "<*>"
_VALUE = re.compile(
    r"((?=[-0-9a-fA-F])(?<![A-Za-z0-9])(?:[0-9]++(?![0-9a-fA-Fx.,-])"  # plain numbers first: most are
    r"|0x[0-9a-fA-F]+"
    r"|[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}(?![A-Za-z0-9])"
    r"|(?=[a-f]{0,16}[0-9])[0-9a-f]{12,64}(?![A-Za-z0-9])"
    r"|(?=[0-9]{0,16}[a-f])(?=[a-f]{0,16}[0-9])[0-9a-f]{7,11}(?![A-Za-z0-9])"
    r"|(?:(?<![)\].-])-)?[0-9]+(?:[.,][0-9]+)*(?:e[-+]?[0-9]+)?))"
)
_LABEL = re.compile(r"([A-Za-z][\w.-]{0,40})(?:[=:_#/]|=\"|: ?| |\[|\()?$")
_UNIT = re.compile(r"(ms|us|ns|s|sec|secs|seconds|min|minutes|%|[KMG]i?B|bytes|MB|KB|GB|x)\b|%")
IDENTIFIERS = frozenset(
    [
        "id",
        "pid",
        "tid",
        "uid",
        "gid",
        "euid",
        "port",
        "block",
        "blk",
        "child",
        "slot",
        "session",
        "sessionid",
        "user",
        "ip",
        "host",
        "node",
        "worker",
        "line",
        "thread",
        "task",
        "job",
        "order",
        "key",
        "req",
        "request",
        "version",
        "app",
        "container",
        "attempt",
        "instance",
        "index",
        "step",
        "seq",
        "no",
        "number",
        "address",
        "addr",
        "from",
        "to",
        "src",
        "dest",
        "for",
        "by",
    ]
)


def masked(message: str) -> tuple[str, list[str]]:
    """Return the message with numbers, addresses and long hexadecimal names masked, and what was masked.

    >>> masked("blk_-12 of 10.0.0.7:50010 took 163ms")
    ('blk_<*> of <*>:<*> took <*>ms', ['-12', '10.0.0.7', '50010', '163'])
    """
    parts = _VALUE.split(message)
    return MASK.join(parts[::2]), parts[1::2]


def labels(mask: str) -> list[str]:
    """Name each masked part by what stands before it, or its unit: "size", "in_use", "blk", "ms", or "".

    >>> labels("db in_use=<*> idle=<*> took <*>ms")
    ['in_use', 'idle', 'took ms']
    """
    parts = mask.split(MASK)
    return [_label(before, after) for before, after in pairwise(parts)]


def _label(before: str, after: str) -> str:
    found = _LABEL.search(before[-60:])
    name = found.group(1).strip("._-") if found else ""
    unit = _UNIT.match(after)
    return f"{name} {unit.group()}".strip() if unit else name


def is_identifier(label: str) -> bool:
    """Whether numbers under this label name something rather than measure it."""
    last = re.split(r"[_.\- ]", label.lower())[-1]
    return last in IDENTIFIERS or last.endswith("id")


def measured(value: str) -> float | None:
    """Read a masked part as a number; None for addresses, versions and hexadecimal."""
    try:
        return float(value.replace(",", "") if "," in value else value)
    except ValueError:
        return None
