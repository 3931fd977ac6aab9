"""Every message of the loop, rendered from its template; what came from a tool or a model enters only as data."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from pager import Page, TokenCounter
from summarizers import Templates, call_text, clipped, page_text

from .exchange import Entry, Exchange, Remark
from .messages import Message, ToolCall
from .notebook import Author, Observation, Recalled, select
from .plan import steps_left

_NAMED = 40  # findings, and results that left the messages, that are tried for a place
LISTED = 6  # results a notice or reminder names before it says how many more there are
_PROSE_END = ("<tool_call>", "```", "<|python_tag|>", "{", "[")


@dataclass(frozen=True, slots=True)
class Words:
    """The templates with the counter that keeps their bounds."""

    templates: Templates
    counter: TokenCounter
    plan: tuple[str, ...] = ()

    def head(self, question: str) -> list[Message]:
        """The system prompt and the task: what every prompt of a run begins with, token by token."""
        task = self.templates.render("task", question=question, plan=self.plan)
        return [Message(role="system", content=self.templates.render("system")), Message(role="user", content=task)]

    def messages(self, entry: Entry) -> list[Message]:
        """An entry as the prompt holds it: a remark, or the model's message and one answer for each answered call."""
        if isinstance(entry, Remark):
            return [Message(role="user", content=entry.content)]
        calls = [self._spoken(call) for call, _ in zip(entry.calls, entry.answers, strict=False)]
        answers = [
            Message(role="tool", content=answer.content, name=call.name)
            for call, answer in zip(calls, entry.answers, strict=True)
        ]
        return [Message(role="assistant", content=entry.content, calls=tuple(calls)), *answers]

    def notebook(self, observations: Sequence[Observation], *, limit_tokens: int) -> str:
        """The findings most worth a place, within the limit; how many more there are; "" where none fits."""
        listed = self.listed(observations, limit_tokens=limit_tokens)
        return self._notebook(listed, observations, limit_tokens) if listed else ""

    def listed(self, observations: Sequence[Observation], *, limit_tokens: int) -> list[Observation]:
        """The findings that `notebook` names within the limit."""
        worthy = select(observations, _NAMED)
        count = self._most(
            lambda count: self._notebook(select(worthy, count), observations, limit_tokens), len(worthy), limit_tokens
        )
        return select(worthy, count)

    def _notebook(self, listed: Sequence[Observation], observations: Sequence[Observation], limit_tokens: int) -> str:
        left = steps_left(self.plan, self.settled(observations))
        done = [number for number in range(1, len(self.plan) + 1) if number not in left]
        shown = [self._short(one, limit_tokens // 2) for one in listed]
        more = len(observations) - len(shown)
        return self.templates.render("notebook", observations=shown, more=more, done=done, left=left)

    def index(self, folded: Sequence[Exchange], *, limit_tokens: int) -> str:
        """The newest results that left the messages, one a line, within the limit; "" where none fits."""
        lines = [
            {"address": answer.address, "call": self.call(call, limit_tokens=24)}
            for exchange in folded
            for call, answer in zip(exchange.calls, exchange.answers, strict=True)
            if answer.status == "new" and answer.address
        ]

        def text(count: int) -> str:
            more, first = len(lines) - count, lines[0]["address"]
            return self.templates.render("index", results=lines[-count:], more=more, first=first)

        count = self._most(text, min(len(lines), _NAMED), limit_tokens)
        return text(count) if count else ""

    def reminder(self, calls: Mapping[str, ToolCall]) -> str:
        """The request to save what matters of the results that are about to shrink, by id and call."""
        named = [{"address": address, "call": self.call(call, limit_tokens=20)} for address, call in calls.items()]
        return self.templates.render("reminder", results=named[:LISTED], more=max(0, len(named) - LISTED))

    def notice(self, results: Sequence[str], saved: Sequence[str], *, notebook: str, index: str) -> str:
        """What was shortened and how it is seen again, the findings, and what left the messages; "" of nothing."""
        named, more = list(results[:LISTED]), max(0, len(results) - LISTED)
        fields = {"results": named, "more": more, "saved": list(saved[:LISTED])}
        return self.templates.render("notice", **fields, notebook=notebook, index=index)

    def correction(self, problem: str) -> str:
        """What was wrong with a reply."""
        return self.templates.render("correction", problem=self.clip(problem, 40))

    def finish(self, question: str, observations: Sequence[Observation], *, limit_tokens: int) -> str:
        """The question once more, under the findings that its answer should rest on."""
        notebook = self.notebook(observations, limit_tokens=limit_tokens)
        request = self.finish_request(findings=bool(notebook))
        return self.templates.render("finish", question=self.clip(question, 60), notebook=notebook, request=request)

    def finish_request(self, *, findings: bool) -> str:
        """What the answer is asked to be, with findings to pick from or without."""
        return self.templates.render("finish_request", findings=findings)

    def answer(
        self,
        said: str,
        findings: Sequence[Observation],
        *,
        by: Author,
        unsupported: Sequence[str] = (),
        overlooked: Observation | None = None,
    ) -> str:
        """The answer as a person reads it: the model's words, if any, and the findings with their evidence.

        Words that say more than the findings come behind them; an alarm that was not picked comes last, or first where
        there are no words.
        """
        fields = {"said": said, "findings": findings, "by": by, "unsupported": list(unsupported)}
        return self.templates.render("answer", **fields, overlooked=overlooked).rstrip("\n")

    def page(self, page: Page) -> str:
        """One page in its frame."""
        return page_text(page, self.templates)

    def failed(self, name: str, error: Exception) -> str:
        """A tool's failure as its result."""
        said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        return self.templates.render("failed", tool=self.clip(name, 20), error=self.clip(said, 80))

    def repeated(self, *, turn: int, address: str | None, shown: str | None) -> str:
        """The answer to a call made before."""
        return self.templates.render("repeated", turn=turn, address=address, shown=shown)

    def reopened(self, shown: str, times: int) -> str:
        """What was opened again and again, with the advice to record it."""
        return self.templates.render("reopened", shown=shown, times=times)

    def observed(
        self,
        number: int,
        *,
        known: bool,
        copied: str = "",
        unknown: Sequence[str] = (),
        near: Sequence[str] = (),
        settled: Iterable[int] = (),
    ) -> str:
        """The receipt of a finding; under a plan, `settled` are the steps done with it, and it names the next.

        It says what stands in the notebook where code `copied` it there.
        """
        unknown = [self.clip(one, 20) for one in unknown[:3]]
        left = steps_left(self.plan, settled)[:1]
        following = f"{left[0]}. {self.clip(self.plan[left[0] - 1], 40)}" if left else None
        return self.templates.render(
            "observed",
            number=number,
            known=known,
            copied=self.clip(copied, 100),
            unknown=unknown,
            near=list(near[:3]),
            plan=bool(self.plan),
            following=following,
        )

    def settled(self, observations: Iterable[Observation]) -> set[int]:
        """The steps of the plan that findings settle."""
        return {one.step for one in observations if one.step is not None}

    def typed(self, schema: Mapping[str, object]) -> str:
        """The request for the answer as JSON."""
        return self.templates.render("typed", schema=json.dumps(dict(schema), ensure_ascii=False))

    def recalled(self, found: Recalled, *, limit_tokens: int) -> str:
        """Findings that a search of the notebook brought back, within the limit."""
        shown = [self._short(one, limit_tokens // 2) for one in found.observations]
        count = self._most(lambda count: self._recalled(shown[:count], found), len(shown), limit_tokens)
        return self._recalled(shown[:count], found)

    def aged(self, call: ToolCall) -> str:
        """The line that remains of an answer that can be had again by the same call."""
        return self.templates.render("aged", call=self.call(call, limit_tokens=24))

    def refused(self, name: str, offered: Sequence[str]) -> str:
        """A call of a tool that is not offered in its turn."""
        return self.templates.render("refused", tool=self.clip(name, 20), offered=list(offered))

    def call(self, call: ToolCall, *, limit_tokens: int) -> str:
        """A call as a person would write it."""
        return call_text(
            call.name, call.arguments, limit_tokens=limit_tokens, templates=self.templates, counter=self.counter
        )

    def said(self, text: str) -> str:
        """The model's own words before its calls, as they may stand in the next prompt."""
        return self.neutral(_prose(text).strip())

    def is_harmless(self, content: str, calls: Sequence[ToolCall]) -> bool:
        """Whether a reply with these calls can stand in a prompt as it is."""
        prose = _prose(content) if calls else content
        return self.neutral(prose) == prose.strip("\n") and all(self._spoken(call) == call for call in calls)

    def neutral(self, text: str) -> str:
        """Text that can't forge a role, a call or a frame."""
        return self.templates.render("said", text=text)

    def clip(self, text: str, limit_tokens: int) -> str:
        """The text on one line, and its beginning with "…" where it is longer than the limit."""
        return clipped(text, limit_tokens, self.counter)

    def _most(self, text: Callable[[int], str], count: int, limit_tokens: int) -> int:
        """The greatest count up to `count` whose text is within the limit; 0 where not even one is."""
        fits, over = 0, count + 1
        while over - fits > 1:
            middle = (fits + over) // 2 if over <= count else count  # all of them, as a rule
            within = self.counter.count(text(middle)) <= limit_tokens
            fits, over = (middle, over) if within else (fits, middle)
        return fits

    def _spoken(self, call: ToolCall) -> ToolCall:
        """A call as it may stand in a prompt: what the model copied from a result into it stays data."""
        spoken = {self.neutral(name): self._neutral_value(value) for name, value in call.arguments.items()}
        return ToolCall(self.neutral(call.name), spoken)

    def _neutral_value(self, value: object) -> object:
        if isinstance(value, str):
            return self.neutral(value)
        if isinstance(value, list):
            return [self._neutral_value(one) for one in value]
        if isinstance(value, dict):
            return {self.neutral(str(name)): self._neutral_value(one) for name, one in value.items()}
        return value

    def _short(self, one: Observation, limit_tokens: int) -> Observation:
        evidence = tuple(self.clip(address, 30) for address in one.evidence[:2])
        return replace(one, finding=self.clip(one.finding, limit_tokens), evidence=evidence)

    def _recalled(self, shown: Sequence[Observation], found: Recalled) -> str:
        more = len(found.observations) - len(shown)
        return self.templates.render("recalled", observations=shown, total=found.total, near=found.near, more=more)


def _prose(text: str) -> str:
    """What a model wrote before its first call, in whatever form it writes calls."""
    ends = [place for mark in _PROSE_END if (place := text.find(mark)) >= 0]
    return text[: min(ends, default=len(text))]
