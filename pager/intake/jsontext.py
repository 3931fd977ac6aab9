"""JSON text to values and back, for any depth, with NaN, Infinity, and numbers that no float can hold."""

import decimal
import json
import re
from collections.abc import Iterator
from json.decoder import scanstring  # type: ignore[attr-defined]  # public in CPython, missing from typeshed
from typing import Any

BIG_EXPONENTS = (re.compile(r"e\+?\d{3}"), re.compile(r"E\+?\d{3}"))
"""Two, as a pattern that begins with one certain letter is searched many times faster."""
LONG_DIGITS = 150
"""Numbers of twice as many digits have a stretch of so many that begins at a multiple of it."""
NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?")
SPACE = re.compile(r"[ \t\n\r]*")
WORDS: dict[str, object] = {
    "null": None, "true": True, "false": False,
    "NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf"),
}  # fmt: skip
_encode = json.JSONEncoder(ensure_ascii=False, check_circular=False).encode
MAX_DIGITS = 4000


class Number(float):
    """A float that overflows, or an integer too long for Python: its literal is kept beside its value."""

    literal: str

    def __new__(cls, literal: str) -> "Number":
        number = super().__new__(cls, literal)
        number.literal = literal
        return number


class Malformed(ValueError):
    """Text that is not JSON; `line` and `column` count from 1."""

    def __init__(self, reason: str, text: str, at: int) -> None:
        self.line = text.count("\n", 0, at) + 1
        self.column = at - text.rfind("\n", 0, at)
        super().__init__(f"{reason} (line {self.line}, column {self.column})")


def parse_json(text: str) -> Any:
    """The value of a JSON text; raises Malformed with the place.

    >>> parse_json('[1, NaN, {"a": 1e999}]')
    [1, nan, {'a': inf}]
    """
    text = text.removeprefix("\ufeff")
    try:
        if _may_overflow(text):
            return json.loads(text, parse_float=number, parse_int=number)
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise Malformed(error.msg, text, error.pos) from None
    except RecursionError:
        return _Deep(text).parse()


def _may_overflow(text: str) -> bool:
    """Whether a number in it may be one that Python's own types lose."""
    starts = range(0, len(text), LONG_DIGITS)
    return any(exponent.search(text) for exponent in BIG_EXPONENTS) or any(
        text[at : at + LONG_DIGITS].isdigit() for at in starts
    )


def number(literal: str) -> float:
    """The number of a JSON literal; a `Number` where Python's own would lose it."""
    if literal.lstrip("-").isdigit():
        return int(literal) if len(literal) <= MAX_DIGITS else Number(literal)
    value = float(literal)
    return Number(literal) if value in (float("inf"), float("-inf")) else value


def dump(value: object) -> str:
    """JSON on one line, at any depth.

    >>> dump({"a": [1, None]})
    '{"a": [1, null]}'
    """
    try:
        text = _encode(value)
    except (RecursionError, ValueError):  # ValueError: an integer of more digits than Python converts
        return "".join(_deep_dump(value))
    return "".join(_deep_dump(value)) if "Infinity" in text else text


def dump_lines(value: object) -> str:
    """JSON with one child a line; scalars as `dump`."""
    if isinstance(value, dict) and value:
        return "{\n" + ",\n".join(f"{dump(key)}: {dump(child)}" for key, child in value.items()) + "\n}"
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join(map(dump, value)) + "\n]"
    return dump(value)


def _scalar(value: object) -> str:
    if isinstance(value, Number):
        return value.literal
    if isinstance(value, int) and value.bit_length() > 3 * MAX_DIGITS:
        return f"{decimal.Decimal(value):f}"  # str() refuses more than 4,300 digits
    return _encode(value)


def _deep_dump(value: object) -> Iterator[str]:
    """The text of a value without recursion: a stack of what is still to be said."""
    stack: list[Iterator[object]] = []
    yield from _opening(value, stack)
    while stack:
        for item in stack[-1]:
            if isinstance(item, _Said):
                yield item
                continue
            yield from _opening(item, stack)
            if isinstance(item, (dict, list)):
                break
        else:
            stack.pop()


class _Said(str):
    """Text that is already JSON."""


def _opening(value: object, stack: list[Iterator[object]]) -> Iterator[str]:
    if isinstance(value, dict):
        stack.append(_members(value))
    elif isinstance(value, list):
        stack.append(_elements(value))
    else:
        yield _scalar(value)


def _members(value: dict[str, object]) -> Iterator[object]:
    yield _Said("{")
    for count, (key, child) in enumerate(value.items()):
        yield _Said(f"{', ' if count else ''}{_encode(key)}: ")
        yield child
    yield _Said("}")


def _elements(value: list[object]) -> Iterator[object]:
    yield _Said("[")
    for count, child in enumerate(value):
        if count:
            yield _Said(", ")
        yield child
    yield _Said("]")


class _Deep:
    """A parser with a stack of its own, for what nests deeper than Python's."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._open: list[Any] = []
        self._keys: list[str | None] = []
        self._root: Any = None

    def parse(self) -> Any:
        self._skip()
        self._value()
        while self._open:
            self._skip()
            self._step()
        self._skip()
        if self._at != len(self._text):
            raise Malformed("Extra data", self._text, self._at)
        return self._root

    def _skip(self) -> None:
        found = SPACE.match(self._text, self._at)
        self._at = found.end() if found else self._at

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _step(self) -> None:
        """Whatever may come next in the innermost container."""
        holder = self._open[-1]
        closing = "}" if isinstance(holder, dict) else "]"
        if self._peek() == closing:
            self._at += 1
            self._open.pop()
            self._keys.pop()
            return
        if holder:
            self._expect(",")
        if isinstance(holder, dict):
            self._key()
        self._value()

    def _expect(self, mark: str) -> None:
        self._skip()
        if self._peek() != mark:
            raise Malformed(f"Expecting {mark!r}", self._text, self._at)
        self._at += 1
        self._skip()

    def _key(self) -> None:
        if self._peek() != '"':
            raise Malformed("Expecting property name enclosed in double quotes", self._text, self._at)
        self._keys[-1] = self._string()
        self._expect(":")

    def _string(self) -> str:
        try:
            text, self._at = scanstring(self._text, self._at + 1, True)
        except json.JSONDecodeError as error:
            raise Malformed(error.msg, self._text, error.pos) from None
        return str(text)

    def _value(self) -> None:
        mark = self._peek()
        if mark in ("{", "["):
            self._at += 1
            container: Any = {} if mark == "{" else []
            self._place(container)
            self._open.append(container)
            self._keys.append(None)
        elif mark == '"':
            self._place(self._string())
        else:
            self._place(self._scalar())

    def _scalar(self) -> object:
        if found := NUMBER.match(self._text, self._at):
            self._at = found.end()
            return number(found[0])
        for word, value in WORDS.items():
            if self._text.startswith(word, self._at):
                self._at += len(word)
                return value
        raise Malformed("Expecting value", self._text, self._at)

    def _place(self, value: Any) -> None:
        if not self._open:
            self._root = value
        elif isinstance(self._open[-1], dict):
            self._open[-1][self._keys[-1]] = value
        else:
            self._open[-1].append(value)
