"""Counting tokens: tiktoken offline by default, a Hugging Face tokenizer, or any callable."""

import hashlib
from collections.abc import Callable, Sequence, Sized
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from .errors import PagerError

DEFAULT = "cl100k_base"


@runtime_checkable
class TokenCounter(Protocol):
    """Counts the tokens of a text; `name` is stable, for it becomes part of cache keys."""

    @property
    def name(self) -> str:
        """A name that changes with the tokenizer."""

    def count(self, text: str) -> int:
        """How many tokens the text takes; strings that look like special tokens are plain text."""


REMEMBERED = 4_096
REMEMBERED_CHARACTERS = 20_000
"""Longer texts are counted anew each time: they would fill the memory, and none of them stands in two prompts."""


@dataclass(frozen=True)
class FunctionCounter:
    """A counter made of one function from text to its tokens or their number; what it counted lately, it remembers."""

    name: str
    tokens: Callable[[str], Sized | int]

    def count(self, text: str) -> int:
        """How many tokens the text takes; lone surrogates count as U+FFFD, as which a model would read them."""
        return self._count(text) if len(text) > REMEMBERED_CHARACTERS else self._remembering(text)

    @cached_property
    def _remembering(self) -> Callable[[str], int]:
        return lru_cache(maxsize=REMEMBERED)(self._count)

    def _count(self, text: str) -> int:
        try:
            tokens = self.tokens(text)
        except (UnicodeEncodeError, TypeError):  # what tokenizers raise for lone surrogates
            mended = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
            if mended == text:
                raise
            tokens = self.tokens(mended)
        return tokens if isinstance(tokens, int) else len(tokens)


def counter(source: object = None) -> TokenCounter:
    """A counter of whatever is given.

    None or "cl100k_base": tiktoken, offline. Another tiktoken name, a tiktoken Encoding. A folder with, or a path
    to, `tokenizer.json`. A `tokenizers.Tokenizer` or a transformers tokenizer. Any callable from text to a count or
    to a sequence. A `TokenCounter` is returned as it is. Raises PagerError for anything else.
    """
    if source is None:
        return _tiktoken(DEFAULT)
    if isinstance(source, (str, Path)):
        return _named(source)
    if isinstance(source, TokenCounter):
        return source
    return _of_object(source)


def _of_object(source: Any) -> TokenCounter:
    if hasattr(source, "encode_ordinary"):
        return FunctionCounter(f"tiktoken:{getattr(source, 'name', 'custom')}", source.encode_ordinary)
    if hasattr(source, "encode_batch"):
        return _of_tokenizer(source)
    backend = getattr(source, "backend_tokenizer", None)
    if backend is not None:
        return _of_tokenizer(backend)
    if hasattr(source, "encode"):
        return FunctionCounter(_described(source), lambda text: _sized(source.encode(text, add_special_tokens=False)))
    if callable(source):
        return FunctionCounter(_described(source), source)
    raise PagerError(f"cannot count tokens with {type(source).__name__}; give a tokenizer, its folder, or a function")


def _sized(tokens: Sequence[int]) -> int:
    return len(tokens)


def _described(source: object) -> str:
    label = getattr(source, "name_or_path", None) or getattr(source, "__qualname__", type(source).__name__)
    return f"{getattr(source, '__module__', 'callable')}:{label}"


def _named(source: str | Path) -> TokenCounter:
    path = Path(source)
    file = path / "tokenizer.json" if path.is_dir() else path
    if file.is_file():
        return _tokenizer_file(str(file.resolve()), file.stat().st_mtime_ns)
    if isinstance(source, Path) or path.is_dir():
        raise PagerError(f"no tokenizer.json at {source}; give a model folder that has one, or a tiktoken name")
    return _tiktoken(source)


@lru_cache(maxsize=8)
def _tiktoken(name: str) -> TokenCounter:
    import tiktoken

    offline = f"{name}_offline"
    known = tiktoken.list_encoding_names()
    if offline not in known and name not in known:
        raise PagerError(
            f"no tokenizer named {name!r}; give a folder with tokenizer.json, or one of {', '.join(known)}"
        )
    encoding = tiktoken.get_encoding(offline if offline in known else name)
    return FunctionCounter(f"tiktoken:{name}", encoding.encode_ordinary)


@lru_cache(maxsize=8)
def _tokenizer_file(path: str, changed: int) -> TokenCounter:
    from tokenizers import Tokenizer

    return _of_tokenizer(Tokenizer.from_file(path))


def _of_tokenizer(tokenizer: Any) -> TokenCounter:
    """A counter over a copy, so that truncation, padding and special tokens of the original play no part."""
    serialized = tokenizer.to_str()
    digest = hashlib.blake2b(serialized.encode(), digest_size=8).hexdigest()
    plain = type(tokenizer).from_str(serialized)
    plain.no_truncation()
    plain.no_padding()
    plain.encode_special_tokens = True
    return FunctionCounter(f"tokenizer:{digest}", lambda text: len(plain.encode(text, add_special_tokens=False)))
