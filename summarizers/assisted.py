"""The optional pass: a small model chooses among the facts and connects them, and is held to what they say."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

from pager import Node, StoreFailed, TokenCounter

from .fact import Fact
from .focus import terms_of
from .gather import facts as facts_of
from .layout import lines_of, relative
from .packer import Packed, distinct, pack
from .reply import Said, fault_of, read_reply
from .shape import shape_of, title_of
from .summary import Fitted, Summary, check_budget, fit, summary_of
from .templating import Templates
from .verify import verified
from .whole import whole
from .writer import Memory, NotWritten, Writer

REPLY_TOKENS = 64  # of the writer's own
_CANDIDATES = 12
_DETAIL = 0.4  # facts below this salience may give way to the model's choice and words …
_SHARE = 0.15  # … as long as they are no more than this share of the summary's tokens
_STRONG = 1.0  # facts from this salience on stay, even where a sentence restates them
_CHOSEN = 4.0  # how many times its salience a chosen fact is worth among those that are not settled …
_MOST = 1.9  # … but no alarm
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
    """A summary in which `writer` has a say: which of the weaker facts stand in it, and up to two sentences.

    What `summarize` gives stays, but for two kinds of its facts: details (salience below 0.4), as long as they take no
    more than 15 % of its tokens, and facts below 1.0 that a kept sentence restates word for word, place included. The
    writer's sentences and choice take their place and what was empty; a sentence is kept only where it verifies. Where
    nothing of its reply is of use, the summary is the heuristic one, `by` is "heuristic" and `note` says why.

    The prompt has at most `prompt_tokens`; `memory` keeps replies, by writer and prompt, so that equal facts under an
    equal focus are never sent twice. Raises ValueError below 40 tokens.
    """
    templates = templates or Templates()
    check_budget(budget_tokens)
    found = distinct(facts_of(node, focus=focus))
    if shown := whole(node, found, call=None, budget_tokens=budget_tokens, counter=counter, templates=templates):
        return summary_of(node, shown, note="heuristic: all of it is shown")
    fitted = fit(node, found, budget_tokens, counter, templates)
    asked = _asked(node, found, focus, counter, templates, prompt_tokens)
    if asked is None:
        return summary_of(node, fitted.packed, note="heuristic: there is nothing to choose from")
    try:
        said = _said(writer, asked, memory)
    except NotWritten as error:
        return summary_of(node, fitted.packed, note=f"heuristic: {writer.name} was of no use: {error}")
    sentences = verified(said.sentences, [_place(fact, node) for fact in found], _text(node))
    chosen = [asked.facts[index] for index in said.chosen]
    if not sentences and not chosen:
        return summary_of(node, fitted.packed, note=f"heuristic: nothing that {writer.name} wrote could be verified")
    held = _Held(node, found, fitted, budget_tokens, counter)
    return summary_of(node, held.with_words(chosen, sentences), by="model")


@dataclass(frozen=True, slots=True)
class _Asked:
    """A prompt and the facts it numbers."""

    prompt: str
    facts: tuple[Fact, ...]


def _asked(
    node: Node, found: Sequence[Fact], focus: str | None, counter: TokenCounter, templates: Templates, limit_tokens: int
) -> _Asked | None:
    """The prompt with as many of the best facts as fit it; None where fewer than two do."""
    render = partial(templates.render, "choose", question=focus, title=title_of(node), shape=shape_of(node))
    for count in range(min(_CANDIDATES, len(found)), 1, -1):
        facts = tuple(found[:count])
        prompt = render(facts=[f"{fact.text} {relative(fact, node.address)}" for fact in facts])
        if counter.count(prompt) <= limit_tokens:
            return _Asked(prompt, facts)
    return None


def _said(writer: Writer, asked: _Asked, memory: Memory | None) -> Said:
    """What the writer says now or said before; raises NotWritten where that is of no use."""
    key = _key(writer, asked.prompt)
    reply = memory.recalled(key) if memory is not None else None
    if reply is None:
        reply = writer.write(asked.prompt, REPLY_TOKENS)
        if memory is not None:
            with suppress(StoreFailed):  # what cannot be kept, in a store that is only read, is of use all the same
                memory.remember(key, reply)
    if fault := fault_of(reply):
        raise NotWritten(fault)
    return read_reply(reply, len(asked.facts))


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


@dataclass(frozen=True, slots=True)
class _Held:
    """The heuristic summary, and what of it may give way."""

    node: Node
    found: Sequence[Fact]
    fitted: Fitted
    budget_tokens: int
    counter: TokenCounter

    def with_words(self, chosen: Sequence[Fact], sentences: Sequence[str]) -> Packed:
        """The facts that stay, as many of the sentences as fit beside them, then the chosen and the next best."""
        for count in range(len(sentences), -1, -1):
            words = " ".join(sentences[:count])
            settled = self._settled(words)
            facts = [self._weighed(fact, settled, chosen) for fact in self.found]
            packed = pack(
                facts,
                partial(self.fitted.frame, words=words or None),
                root=self.node.address,
                budget_tokens=self.budget_tokens,
                counter=self.counter,
                first=settled,
            )
            if packed is not None:
                return packed
        return self.fitted.packed

    def _settled(self, words: str) -> list[Fact]:
        """The facts of the heuristic summary that stay: all but those restated, and a share of its details."""
        said = set(terms_of(words))
        facts = [fact for fact in self.fitted.packed.facts if not self._is_restated(fact, said)]
        least = self._tokens(facts) - _SHARE * self.fitted.packed.tokens
        for fact in sorted(facts, key=lambda fact: fact.salience):
            rest = [one for one in facts if one is not fact]
            if fact.salience >= _DETAIL or self._tokens(rest) < least:
                break
            facts = rest
        return facts

    def _is_restated(self, fact: Fact, said: set[str]) -> bool:
        text = f"{fact.text} {relative(fact, self.node.address)}"
        return fact.salience < _STRONG and said.issuperset(terms_of(text)) and bool(said)

    def _tokens(self, facts: Sequence[Fact]) -> int:
        lines = lines_of(facts, self.node.address)
        return self.counter.count(self.fitted.frame(lines, len(self.found) - len(facts)))

    def _weighed(self, fact: Fact, settled: Sequence[Fact], chosen: Sequence[Fact]) -> Fact:
        if any(fact is one for one in settled) or all(fact is not one for one in chosen):
            return fact
        return replace(fact, salience=max(fact.salience, min(_MOST, fact.salience * _CHOSEN)))
