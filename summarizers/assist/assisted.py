"""The optional pass: a small model answers from the facts in a sentence, and is held to what they say."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

from pager import Node, StoreFailed, TokenCounter

from ..fact import Fact
from ..gather import facts as facts_of
from ..layout import relative
from ..packer import Packed, distinct, pack
from ..shape import shape_of, title_of
from ..summary import Fitted, Summary, check_budget, fit, summary_of
from ..templating import Templates
from ..whole import whole
from .reply import Said, fault_of, read_reply
from .verify import Verified, verified
from .writer import Memory, NotWritten, Writer

REPLY_TOKENS = 48  # of the writer's own
_CANDIDATES = 8
_LEADING = 1.9  # the salience of a chosen fact: before all others but the alarms
_READ_BYTES = 1 << 20  # of the result, to confirm what the facts do not


def summarize_with(
    writer: Writer,
    node: Node,
    *,
    budget_tokens: int = 150,
    focus: str | None = None,
    counter: TokenCounter,
    memory: Memory | None = None,
    templates: Templates | None = None,
    prompt_tokens: int = 1200,
) -> Summary:
    """The summary of `summarize`, in which `writer` says what leads and, where there is room, up to two sentences.

    Nothing that the heuristic summary says is lost, whatever the writer says: its sentences (kept as far as `verified`
    holds them) take only tokens that were free, and of its facts one goes only where a sentence says it word for word.
    The facts that a sentence rests on, or that were copied, come first, alarms apart. Where nothing of the reply is of
    use, or it finds no room, the summary is the heuristic one, `by` is "heuristic" and `note` says why.

    The prompt has at most `prompt_tokens` of the counter's; `memory` keeps replies by writer and prompt. Neither the
    budget nor the result's id is part of that, so that equal facts under an equal focus are never sent twice. Raises
    ValueError below 40 tokens.
    """
    templates = templates or Templates()
    check_budget(budget_tokens)
    found = distinct(facts_of(node, focus=focus))
    if shown := whole(node, found, call=None, budget_tokens=budget_tokens, counter=counter, templates=templates):
        return summary_of(node, shown, note="heuristic: all of it is shown")
    fitted = fit(node, found, budget_tokens, counter, templates)
    prompt = _prompt(node, found, focus, counter, templates, prompt_tokens)
    if prompt is None:
        return summary_of(node, fitted.packed, note="heuristic: there is nothing to choose from")
    try:
        said = _said(writer, prompt, memory)
    except NotWritten as error:
        return summary_of(node, fitted.packed, note=f"heuristic: {writer.name} was of no use: {error}")
    places = [*(_place(fact, node) for fact in found), f"{title_of(node) or ''} {shape_of(node)}"]
    kept = verified(said.sentences, places, _text(node), focus=focus, result=node.result.id)
    chosen = _chosen(found, said, kept)
    if not kept and not chosen:
        return summary_of(node, fitted.packed, note=f"heuristic: nothing that {writer.name} wrote could be verified")
    packed = _Held(node, found, fitted, budget_tokens, counter).with_say(chosen, [one.sentence for one in kept])
    if packed is None:
        note = f"heuristic: what {writer.name} wrote finds no room beside the facts and changes nothing in them"
        return summary_of(node, fitted.packed, note=note)
    return summary_of(node, packed, by="model")


def _prompt(
    node: Node, found: Sequence[Fact], focus: str | None, counter: TokenCounter, templates: Templates, limit_tokens: int
) -> str | None:
    """The prompt with as many of the best facts as fit it; None where fewer than two do."""
    render = partial(templates.render, "choose", question=focus, title=title_of(node), shape=shape_of(node))
    for count in range(min(_CANDIDATES, len(found)), 1, -1):
        prompt = render(facts=[f"{fact.text} {relative(fact, node.address)}".strip() for fact in found[:count]])
        if counter.count(prompt) <= limit_tokens:
            return prompt
    return None


def _said(writer: Writer, prompt: str, memory: Memory | None) -> Said:
    """What the writer says now or said before; raises NotWritten where that is of no use."""
    key = _key(writer, prompt)
    reply = memory.recalled(key) if memory is not None else None
    if reply is None:
        reply = writer.write(prompt, REPLY_TOKENS)
        if memory is not None:
            with suppress(StoreFailed):  # what cannot be kept, in a store that is only read, is of use all the same
                memory.remember(key, reply)
    if fault := fault_of(reply):
        raise NotWritten(fault)
    return read_reply(reply)


def _key(writer: Writer, prompt: str) -> str:
    """The content address of everything that leads to a reply: who writes, how much, and from what."""
    told = "\0".join(("summary", writer.name, str(REPLY_TOKENS), prompt))
    return hashlib.blake2b(told.encode("utf-8", "surrogatepass"), digest_size=20).hexdigest()


def _place(fact: Fact, node: Node) -> str:
    return f"{fact.text} {fact.address} {relative(fact, node.address)}"


def _text(node: Node) -> Iterator[str]:
    """The first lines of the result, within bounds; nothing of what would have to be computed or is no text."""
    if node.kind in ("bytes", "array", "lazy"):
        return
    read = 0
    for line in node.lines():
        yield line[: _READ_BYTES - read]
        read += len(line) + 1
        if read >= _READ_BYTES:
            return


def _chosen(found: Sequence[Fact], said: Said, kept: Sequence[Verified]) -> list[Fact]:
    """The facts that a kept sentence rests on, and those that were copied as they stand."""
    rested = {at for one in kept for at in one.facts}
    return [fact for at, fact in enumerate(found) if at in rested or any(fact.text in line for line in said.lines)]


@dataclass(frozen=True, slots=True)
class _Held:
    """The heuristic summary, of which nothing is lost."""

    node: Node
    found: Sequence[Fact]
    fitted: Fitted
    budget_tokens: int
    counter: TokenCounter

    def with_say(self, chosen: Sequence[Fact], sentences: Sequence[str]) -> Packed | None:
        """As many of the sentences as fit, then the chosen facts first; None where neither can be had."""
        led = [replace(fact, salience=max(fact.salience, _LEADING)) if fact in chosen else fact for fact in self.found]
        for count in range(len(sentences), -1, -1):
            words = " ".join(sentences[:count])
            for facts in (led, self.found) if words else (led,):
                packed = self._packed(facts, words)
                if packed is not None and packed.text != self.fitted.packed.text:
                    return packed
        return None

    def _packed(self, facts: Sequence[Fact], words: str) -> Packed | None:
        unsaid = [fact for fact in facts if not self._is_said(fact, words)]
        stays = {(fact.text, fact.address) for fact in self.fitted.packed.facts}
        return pack(
            unsaid,
            partial(self.fitted.frame, words=words or None),
            root=self.node.address,
            budget_tokens=self.budget_tokens,
            counter=self.counter,
            first=[fact for fact in unsaid if (fact.text, fact.address) in stays],
        )

    def _is_said(self, fact: Fact, words: str) -> bool:
        """Whether the words say a fact as it stands, with its place."""
        return fact.text in words and relative(fact, self.node.address) in words
