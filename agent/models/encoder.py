"""Text to token ids such that no content can pass for structure, and a longer prompt keeps the ids of a shorter one."""

import hashlib
import json
import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import BadModel

_MARK = "\ufdd0"  # a Unicode noncharacter: no text that is meant for interchange holds it
_REMEMBERED = 8


@dataclass(frozen=True, slots=True)
class Seam:
    """A place where a text and its ids can both be cut: right after a structural token."""

    characters: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Encoded:
    """A masked text with its ids and seams."""

    text: str
    ids: tuple[int, ...]
    seams: tuple[Seam, ...]


class Encoder:
    """Tokenises rendered prompts: the tokenizer's markers are structure unless masked, everything else is plain text.

    `tokenizer` is a fast Hugging Face tokenizer. It is also the model's token counter: `count` sees plain text only.
    """

    def __init__(self, tokenizer: Any, name: str) -> None:
        from tokenizers import Tokenizer

        backend = getattr(tokenizer, "backend_tokenizer", None)
        if backend is None:
            raise BadModel(
                f"{name} has no fast tokenizer (tokenizer.json): convert it with AutoTokenizer and save it there."
            )
        state = json.loads(backend.to_str())
        added = state["added_tokens"]
        self.json = json.dumps({**state, "truncation": None, "padding": None})
        self.name = f"{name}-{hashlib.sha256(self.json.encode()).hexdigest()[:12]}"
        self._plain = Tokenizer.from_str(
            json.dumps({**json.loads(self.json), "added_tokens": [], "post_processor": None})
        )
        self._structure: dict[str, int] = {token["content"]: token["id"] for token in added}
        self._split = _splitter(added)
        self._special = _finder(token["content"] for token in added if token["special"])
        self._marker = _finder(token["content"] for token in added if token["special"] or token["content"].strip())
        self._remembered: OrderedDict[str, Encoded] = OrderedDict()

    @property
    def structure(self) -> Mapping[str, int]:
        """The tokenizer's markers and their ids."""
        return self._structure

    def mask(self, text: str, *, every_marker: bool) -> str:
        """The text with its markers made plain: all of them, or only those that open and close roles."""
        clean = text.replace(_MARK, "\ufffd").encode("utf-8", "replace").decode("utf-8")
        finder = self._marker if every_marker else self._special
        return clean if finder is None else finder.sub(rf"\g<0>{_MARK}", clean)

    def count(self, text: str) -> int:
        """Tokens of plain text; marker strings in it count as what they are spelled with."""
        return len(self.plain(text))

    def plain(self, text: str) -> list[int]:
        """Ids of text that holds no structure."""
        ids: list[int] = self._plain.encode(
            text.encode("utf-8", "replace").decode("utf-8"), add_special_tokens=False
        ).ids
        return ids

    def encode(self, masked: str) -> Encoded:
        """The ids of a rendered prompt, those of what it shares with a remembered prompt taken over unchanged."""
        start = max(
            (_shared(known, masked) for known in self._remembered.values()),
            key=lambda shared: len(shared.text),
            default=_NOTHING,
        )
        ids, seams = list(start.ids), list(start.seams)
        position = len(start.text)
        for found in self._split.finditer(masked, position) if self._split else ():
            ids += self.plain(unmask(masked[position : found.start()])) if found.start() > position else []
            ids.append(self._structure_id(found.group()))
            position = found.end()
            seams.append(Seam(position, len(ids)))
        ids += self.plain(unmask(masked[position:])) if position < len(masked) else []
        return self.remember(Encoded(masked, tuple(ids), tuple(seams)))

    def _structure_id(self, found: str) -> int:
        return self._structure[found] if found in self._structure else self._structure[found.strip()]

    def remember(self, encoded: Encoded) -> Encoded:
        """Keeps the ids of a text for the prompts that extend it."""
        self._remembered[encoded.text] = encoded
        self._remembered.move_to_end(encoded.text)
        while len(self._remembered) > _REMEMBERED:
            self._remembered.popitem(last=False)
        return encoded


_NOTHING = Encoded("", (), ())


def unmask(text: str) -> str:
    """The text as it is fed, without the marks of `mask`."""
    return text.replace(_MARK, "")


def _shared(known: Encoded, text: str) -> Encoded:
    """The longest start of `known` that `text` shares: all of it, or up to a seam."""
    if text.startswith(known.text):
        return known
    low, high = 0, min(len(known.text), len(text))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if text[:middle] == known.text[:middle] else (low, middle - 1)
    seams = tuple(seam for seam in known.seams if seam.characters <= low)
    if not seams:
        return _NOTHING
    return Encoded(text[: seams[-1].characters], known.ids[: seams[-1].tokens], seams)


def _splitter(added: Sequence[Mapping[str, Any]]) -> re.Pattern[str] | None:
    """Finds unmasked markers, the longest first, with the white space that some of them swallow."""
    patterns = [
        ("\\s*" if token["lstrip"] else "")
        + re.escape(token["content"])
        + f"(?!{_MARK})"
        + ("\\s*" if token["rstrip"] else "")
        for token in sorted(added, key=lambda token: -len(token["content"]))
    ]
    return re.compile("|".join(patterns)) if patterns else None


def _finder(contents: Iterable[str]) -> re.Pattern[str] | None:
    """Finds the first character of every marker, overlapping ones included."""
    names = "|".join(re.escape(content) for content in sorted(contents, key=len, reverse=True))
    return re.compile(rf"(?=(?:{names}))(?s:.)") if names else None
