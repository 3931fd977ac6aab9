"""Recognising that a server refused a prompt for its length, and the context it names: every server words it anew."""

import re
from collections.abc import Mapping

_STATUSES = (400, 413, 422, 500)
_CODES = ("context_length_exceeded", "exceed_context_size_error", "request_too_large", "context_window_exceeded")
_WORDINGS = re.compile(
    r"(?:context|input|prompt|sequence)[ _](?:length|size|window|limit)"
    r"|max(?:imum)?[ _](?:model|context|input|sequence)[ _]?len"
    r"|(?:prompt|input|request|message)s?\b[^.]{0,40}\btoo (?:long|large)"
    r"|too many (?:input )?tokens"
    r"|longer than the model"
    r"|reduce the length"
    r"|exceeds? [^.]{0,40}\b(?:number of tokens|token limit)"
    r"|inputs` tokens \+ `max_new_tokens"
    r"|max_(?:completion_)?tokens must be at least 1, got -"
    r"|context the overflows",
    re.IGNORECASE,
)
_NUMBER = r"(\d[\d,_]*)"
_LIMITS = tuple(
    re.compile(pattern.replace("N", _NUMBER), re.IGNORECASE)
    for pattern in (
        r"> ?N, decrease",
        r"(?:context|input|model)[ _-](?:length|size|window|limit|len)[a-z ]*[ (:=]+N",
        r"> ?N maximum",
        r"N (?:tokens )?maximum context",
        r"tokens allowed \(N",
        r"(?:must be|should be) <=? ?N",
        r"(?:cannot|not) exceed N",
    )
)


def is_overlong(status: int, message: str, code: str | None = None) -> bool:
    """Whether a refusal with this HTTP status says that prompt and reply are too long together."""
    return status in _STATUSES and (code in _CODES or _WORDINGS.search(message) is not None)


def named_context(message: str, body: object = None) -> int | None:
    """The tokens the model can read, where the refusal names them.

    >>> named_context("This model's maximum context length is 4,096 tokens. However, you requested 5000 tokens")
    4096
    """
    if isinstance(body, Mapping) and isinstance(body.get("n_ctx"), int):
        return int(body["n_ctx"])
    found = next((match for pattern in _LIMITS if (match := pattern.search(message))), None)
    return int(re.sub(r"\D", "", found[1])) if found else None
