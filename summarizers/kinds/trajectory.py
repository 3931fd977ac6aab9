"""Agent runs: the goal, who spoke how often, which tools were called with what errors, the longest result, the end."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from ..fact import Fact
from ..reading.arguments import argument_facts
from ..reading.conversation import Turn, conversation_in
from ..reading.lines import clip, listing, plural
from ..reading.passage import quotes
from ..reading.sample import is_sampled

if TYPE_CHECKING:
    from pager import Node

_ERROR = re.compile(
    r"\s*(?:\W{0,3}(?:error|exception|traceback|failed|failure)\b(?!\W{1,4}(?:null|none|\"\"|''|false))"
    r"|.{0,80}\b(?:Error|Exception): |.{0,40}command not found"
    r"|.{0,60}No such file or directory|.{0,40}permission denied|.{0,40}not found\b)",
    re.IGNORECASE,
)
_FILLED_ERROR = re.compile(r"\"(?:error|err|exception)\"\s*:\s*(?:\"(?P<text>[^\"]{1,200})|true)", re.IGNORECASE)
_CUT = re.compile(r"(?:\.\.\.|…|\[?truncated\]?|\[\.\.\.\]|<truncated>)\W{0,3}$", re.IGNORECASE)
_ACTS = re.compile(
    r"(?:^|_)(?:book|cancel|update|delete|remove|create|edit|insert|write|send|transfer|modify|submit|set"
    r"|post|put|add|move|exchange|return|finish|pay|push|deploy|kill|restart)(?:_|$)",
    re.IGNORECASE,
)


def matches(node: Node) -> bool:
    """Whether the value is a conversation: messages with roles, or a run that holds them."""
    if node.kind not in ("table", "list", "mapping"):
        return False
    if is_sampled(node):
        return False
    return conversation_in(node.value()) is not None


def facts(node: Node, focus: str | None) -> Iterator[Fact]:
    """Yield counts, tools, errors, and the first and last words that matter."""
    found = conversation_in(node.value())
    if found is None:
        return
    turns = found.turns
    address = node.address_of(found.key) if found.key else node.address
    places = [f"{address}[{at}]" for at in range(len(turns))]
    yield from _counts(node, turns)
    yield from _tools(node, turns, places)
    yield from _errors(turns, places)
    yield from _results(turns, places)
    yield from _ends(turns, places)
    yield from _outcome(node)
    if focus:
        yield from quotes(node, focus, most=3)


def _counts(node: Node, turns: tuple[Turn, ...]) -> Iterator[Fact]:
    roles = Counter(turn.role for turn in turns)
    yield Fact(f"{len(turns)} messages: {listing(roles, 5)}", node.address, 1.9, "count")


def _tools(node: Node, turns: tuple[Turn, ...], places: list[str]) -> Iterator[Fact]:
    calls = [(call, at) for at, turn in enumerate(turns) for call in turn.calls]
    if not calls:
        return
    tools = Counter(call.tool for call, _ in calls)
    yield Fact(f"{plural(len(calls), 'tool call')}: {listing(tools, 8)}", node.address, 2.1, "top")
    last, at = calls[-1]
    yield Fact(f"last call {last.tool}({clip(last.arguments, 60)})", places[at], 0.9, "range")
    yield from argument_facts(calls, places)
    acting = [(call, at) for call, at in calls if _ACTS.search(call.tool)]
    if acting and len(acting) < len(calls):
        first, at = acting[0]
        text = f"{plural(len(acting), 'write call')}, first {first.tool}({clip(first.arguments, 80)})"
        yield Fact(text, places[at], 1.2, "act")
    repeated = Counter(f"{call.tool}({clip(call.arguments, 60)})" for call, _ in calls)
    same, count = repeated.most_common(1)[0]
    if count > 1:
        yield Fact(f"same call {count}×: {same}", node.address, 0.8, "duplicate")


def _errors(turns: tuple[Turn, ...], places: list[str]) -> Iterator[Fact]:
    found = [(at, said) for at, turn in enumerate(turns) if turn.is_result and (said := _error(turn))]
    results = sum(turn.is_result for turn in turns)
    if results:
        at = found[0][0] if found else None
        said = f", first: {clip(found[0][1], 120)}" if found else ""
        text = f"{len(found)} of {results} tool results are errors{said}"
        yield Fact(text, places[at] if at is not None else places[0].rsplit("[", 1)[0], 1.6 if found else 0.9, "error")


def _error(turn: Turn) -> str:
    """The first words of an error result; "" for any other."""
    text = turn.text
    filled = _FILLED_ERROR.search(text[:2_000])
    if filled:
        return filled["text"] or "error"
    lines = text.strip().split("\n")
    said = next((line for line in (lines[0], lines[-1]) if _ERROR.match(line[:400])), "")
    return said or ((lines[0] or "failed") if turn.failed else "")


def _results(turns: tuple[Turn, ...], places: list[str]) -> Iterator[Fact]:
    results = [(len(turn.text), at) for at, turn in enumerate(turns) if turn.is_result]
    if not results:
        return
    length, at = max(results, key=lambda pair: pair[0])
    who = f" of {turns[at].name}" if turns[at].name else ""
    yield Fact(f"longest tool result {length} characters{who}", places[at], 1.7, "extreme")
    cut = [at for _, at in results if _is_cut(turns[at].text)]
    if cut:
        yield Fact(f"{plural(len(cut), 'tool result')} cut off (truncated)", places[cut[0]], 1.2, "missing")


def _is_cut(text: str) -> bool:
    text = text.rstrip()
    return bool(_CUT.search(text[-40:])) or (text[:1] in "{[" and text[-1:] not in "}]" and len(text) > 200)


def _ends(turns: tuple[Turn, ...], places: list[str]) -> Iterator[Fact]:
    """The goal, the first words of the system, and how it ended."""
    asked = next((at for at, turn in enumerate(turns) if turn.role in ("user", "human") and turn.text.strip()), None)
    if asked is not None:
        yield Fact(f"goal: {clip(turns[asked].text, 200)}", places[asked], 1.7, "goal")
    told = next((at for at, turn in enumerate(turns) if turn.role == "system" and turn.text.strip()), None)
    if told is not None:
        yield Fact(f"system: {clip(turns[told].text, 120)}", places[told], 0.5, "goal")
    spoken = [
        at for at, turn in enumerate(turns) if turn.role in ("assistant", "ai", "model", "gpt") and turn.text.strip()
    ]
    if spoken:
        yield Fact(f"last answer: {clip(turns[spoken[-1]].text, 200)}", places[spoken[-1]], 1.3, "end")
    final = turns[-1].calls[-1] if turns[-1].calls else None
    if final:
        yield Fact(f"ends with {final.tool}({clip(final.arguments, 200)})", places[-1], 1.3, "end")


def _outcome(node: Node) -> Iterator[Fact]:
    """Scalars beside the messages: reward, status, model, cost."""
    value = node.value()
    if isinstance(value, Mapping):
        flat = dict(value)
        for inner in ("info", "metadata", "stats", "result"):
            flat |= value[inner] if isinstance(value.get(inner), Mapping) else {}
        scalars = [(key, one) for key, one in flat.items() if isinstance(one, str | int | float | bool)]
        for key, one in scalars[:8]:
            yield Fact(f"{key}: {clip(str(one), 80)}", node.address, 1.0, "outcome")
