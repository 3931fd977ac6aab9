"""Decoding that can only produce what a Choice allows: calls that parse and fit their schemas, free text, or either."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from llguidance import LLMatcher, LLTokenizer

from ..errors import BadTool
from ..messages import Choice, ToolCall, ToolSpec
from .encoder import Encoder
from .formats import Family, write_calls

_ESCAPED = re.compile(rb"\\.", re.DOTALL)
_LARGEST_INTEGER = 10**12
_LONGEST_LOOP = 64  # tokens of a sentence said again and again
_LOOPED = 24  # tokens that say nothing new
_JSON_OPTIONS = {
    "whitespace_flexible": False,
    "item_separator": ", ",
    "key_separator": ": ",
    "coerce_one_of": True,
    "lenient": True,
}
# prose begins with a letter, a digit or a mark of a list, and holds no bare call: small models echo calls and cards
_TEXT = r"/[ \n\t]*[\p{L}\p{N}#*_\-](.|\n)*/ & ~/(.|\n)*\{\"name\"(.|\n)*/"
_NO_CALL = {
    "hermes": r" & ~/(.|\n)*<tool_call>(.|\n)*/",
    "smollm": r" & ~/(.|\n)*<tool_call>(.|\n)*/",
    "llama": r" & ~/[ \n\t]*\{(.|\n)*/",
}


class Grammars:
    """Makes the picker of each generation, for one tokenizer and one family of call formats."""

    def __init__(self, encoder: Encoder, *, family: Family, vocabulary: int, end_tokens: Sequence[int]) -> None:
        self._encoder = encoder
        self._family = family
        self._end_tokens = frozenset(end_tokens)
        self._tokenizer = LLTokenizer(encoder.json, n_vocab=vocabulary, eos_token=list(end_tokens))

    def picker(
        self, choice: Choice, *, max_new_tokens: int, temperature: float = 0.0, seed: int = 0
    ) -> ConstrainedPicker:
        """A picker that allows what `choice` does. Raises BadTool for a schema that no grammar can be made of."""
        text = grammar(choice, self._family, max_new_tokens=max_new_tokens, markers=self._encoder.structure)
        matcher = LLMatcher(self._tokenizer, text, log_level=0)
        if matcher.is_error() and choice.schema is not None:
            raise BadTool(f"no grammar can be made of the answer's schema: {matcher.get_error().splitlines()[0]}")
        if matcher.is_error():
            names = ", ".join(tool.name for tool in choice.tools)
            raise BadTool(
                f"no grammar can be made of the schemas of {names}: {matcher.get_error().splitlines()[0]}. "
                "Write their parameters with plain types, properties, items and enum."
            )
        closing = 0 if choice.schema is None else max_new_tokens // 2
        reserve = max((self._closing_tokens(tool) for tool in choice.tools), default=closing)
        return ConstrainedPicker(
            matcher, self._tokenizer, self._spellings, reserve=reserve, temperature=temperature, seed=seed
        )

    def _closing_tokens(self, tool: ToolSpec) -> int:
        """About how many tokens the shortest call of the tool takes, with some to spare."""
        required = tool.parameters.get("required")
        names = required if isinstance(required, (list, tuple)) else ()
        shortest = write_calls([ToolCall(tool.name, {str(name): "" for name in names})], self._family)
        return self._encoder.count(shortest) + 4 * len(names) + 8

    @cached_property
    def _spellings(self) -> Spellings:
        texts = [self._tokenizer.decode_bytes([token]) for token in range(self._tokenizer.vocab_size)]
        return Spellings(
            token_of={text: token for token, text in enumerate(texts)},
            string=torch.tensor([text.startswith(b'"') and not text.strip(b'"}]') for text in texts]),
            value=torch.tensor([bool(text) and not text.strip(b"}]") for text in texts]),
            next=torch.tensor([text.startswith(b",") for text in texts]),
            end=torch.tensor([token in self._end_tokens for token in range(len(texts))]),
        )


@dataclass(frozen=True, slots=True)
class Spellings:
    """What tokens spell: the token of some bytes, and masks (vocabulary,) of tokens by their part in JSON.

    They close a string, close an object or array, go on to the next key, or end the reply.
    """

    token_of: Mapping[bytes, int]
    string: torch.Tensor
    value: torch.Tensor
    next: torch.Tensor
    end: torch.Tensor


class ConstrainedPicker:
    """Picks the likeliest token that the grammar allows (or draws one), and whatever must follow it.

    Once no more than `reserve` tokens of room are left within a call, tokens that close it come first, so that a call
    ends inside the room whenever its schema lets it. A reply that says the same again and again is closed likewise.
    """

    def __init__(
        self,
        matcher: LLMatcher,
        tokenizer: LLTokenizer,
        spellings: Spellings,
        *,
        reserve: int,
        temperature: float,
        seed: int,
    ) -> None:
        self._matcher = matcher
        self._tokenizer = tokenizer
        self._spellings = spellings
        self._picked: list[int] = []
        self._reserve = reserve
        self._temperature = temperature
        self._random = torch.Generator().manual_seed(seed)

    @property
    def done(self) -> bool:
        """Whether nothing more may come."""
        return bool(self._matcher.is_stopped())

    @property
    def complete(self) -> bool:
        """Whether what came so far is a whole call or a text."""
        stopped: bool = self._matcher.is_stopped() and not self._matcher.is_error()
        return stopped or bool(self._matcher.is_accepting())

    def pick(self, logits: torch.Tensor, *, room: int) -> list[int]:
        """The next tokens, at least one and at most `room`, given logits (vocabulary,) in fp32."""
        allowed = self._allowed(room)
        token = self._draw(logits.to("cpu").masked_fill(~allowed[: logits.shape[0]], float("-inf")))
        self._matcher.consume_token(token)
        forced = self._matcher.compute_ff_tokens()[: room - 1]
        self._matcher.consume_tokens(forced)
        self._picked += [token, *forced]
        return [token, *forced]

    def _allowed(self, room: int) -> torch.Tensor:
        bits = torch.frombuffer(bytearray(self._matcher.compute_bitmask()), dtype=torch.uint8)
        allowed = ((bits.unsqueeze(1) >> torch.arange(8, dtype=torch.uint8)) & 1).flatten().bool()
        accepting, loops = self._matcher.is_accepting(), is_looping(self._picked)
        if loops or (room <= self._reserve and not accepting):
            spell = self._spellings
            ways = [spell.end] if accepting else [spell.string] if self._in_string() else [spell.value, spell.next]
            narrowed = [allowed[: len(way)] & way for way in ways]
            return next((mask for mask in narrowed if mask.any()), allowed)
        return self._without_fragments(allowed)

    def _without_fragments(self, allowed: torch.Tensor) -> torch.Tensor:
        """Leaves out tokens that spell only a part of what is sure to come, where a longer one spells it all.

        A model that means `17` prefers the token ` ` to ` "`; when the quote must follow, that leads it astray.
        """
        sure: bytes = self._matcher.compute_ff_bytes()
        parts = [self._spellings.token_of.get(sure[:length]) for length in range(1, len(sure))]
        whole = allowed.clone()
        whole[[part for part in parts if part is not None]] = False
        return whole if whole.any() else allowed

    def _in_string(self) -> bool:
        """Whether the JSON of the call stands within a string; no text before a call holds its opening tag."""
        text: bytes = self._tokenizer.decode_bytes(self._picked)
        before, tag, call = text.partition(b"<tool_call>")
        return _ESCAPED.sub(b"", call if tag else before).count(b'"') % 2 == 1

    def _draw(self, logits: torch.Tensor) -> int:
        if self._temperature <= 0:
            return int(logits.argmax())
        return int(torch.multinomial(torch.softmax(logits / self._temperature, -1), 1, generator=self._random))


def is_looping(tokens: Sequence[int]) -> bool:
    """Whether the last tokens only repeat what came before: a few of them many times, or a sentence a third time.

    >>> is_looping([7, 8] * 13), is_looping([7, 8] * 12)
    (True, False)
    """
    return any(
        len(tokens) >= period + (same := max(_LOOPED, 2 * period))
        and tokens[-same:] == tokens[-same - period : -period]
        for period in range(1, _LONGEST_LOOP + 1)
    )


def grammar(choice: Choice, family: Family, *, max_new_tokens: int, markers: Mapping[str, int]) -> str:
    """The Lark grammar of what `choice` allows, in the family's own form.

    `markers` are the tokenizer's added tokens: a tag among them is one token and no text. Without tools: text.
    """
    text = f"TEXT: {_TEXT}{_NO_CALL[family]}"
    if choice.schema is not None:
        schema = {**bounded(dict(choice.schema), max_new_tokens), "x-guidance": _JSON_OPTIONS}
        return f"start: %json {json.dumps(schema)}\n"
    if not choice.tools:
        return f"start: TEXT\n{text}\n"
    opener = "<tool_call>" if "<tool_call>" in markers else '"<tool_call>"'
    closer = "</tool_call>" if "</tool_call>" in markers else '"</tool_call>"'
    begin, end = {
        "hermes": (r'"\n"', rf'"\n" {closer}'),
        "smollm": ('"["', f'"]" {closer}'),
        "llama": ("", ""),
    }[family]
    rules = [f"call: {begin} one {end}", *_calls(choice.tools, family, max_new_tokens)]
    if family == "llama":
        start = "start: TEXT | call" if choice.text else "start: call"
    elif not choice.text:
        start = f"start: {opener} call"
    elif family == "smollm":  # such a model calls at once or not at all; words before a call only lead it astray
        start = f"start: TEXT | {opener} call"
    elif opener in markers:  # models trained on code like to leave the tag out; what they mean then is a call
        start = f"start: TEXT | {opener} call | one | BEFORE {opener} call\nBEFORE: {_TEXT}{_NO_CALL[family]}"
    else:
        start = 'start: TEXT | before call\nbefore[suffix="<tool_call>"]: /(.|\\n)*/'
    return "\n".join([start, *([text] if choice.text else []), *rules, ""])


def _calls(tools: Sequence[ToolSpec], family: Family, max_new_tokens: int) -> list[str]:
    """The rules for one call of any of the tools."""
    key = "parameters" if family == "llama" else "arguments"
    rules = ["one: " + " | ".join(f"call_{number}" for number in range(len(tools)))]
    for number, tool in enumerate(tools):
        head = json.dumps(f'{{"name": {json.dumps(tool.name)}, "{key}": ')
        schema = {"type": "object", **bounded(dict(tool.parameters), max_new_tokens), "x-guidance": _JSON_OPTIONS}
        schema.setdefault("additionalProperties", False)
        rules.append(f'call_{number}: {head} arguments_{number} "}}"')
        rules.append(f"arguments_{number}: %json {json.dumps(schema)}")
    return rules


def bounded(schema: Any, max_length: int) -> Any:
    """The schema with a bound on every string and integer that has none, so that no value can fill the whole reply."""
    if isinstance(schema, list):
        return [bounded(each, max_length) for each in schema]
    if not isinstance(schema, dict):
        return schema
    copied = {
        key: value if key in ("enum", "const", "default") else bounded(value, max_length)
        for key, value in schema.items()
    }
    if copied.get("type") == "string" and not copied.keys() & {"enum", "const", "pattern", "format", "maxLength"}:
        copied["maxLength"] = max(max_length, copied.get("minLength", 0))
    if copied.get("type") == "integer" and not copied.keys() & {"enum", "const"}:
        copied.setdefault("minimum", -_LARGEST_INTEGER)
        copied.setdefault("maximum", max(_LARGEST_INTEGER, copied["minimum"]))
    return copied
