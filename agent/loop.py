"""The investigation: one step after the other, each decided from the ledger alone, so that a killed run goes on."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace

from .breadth import broad
from .calls import CallExecutor
from .ceiling import lowered_ceiling, share_out
from .compaction import Compaction
from .conclusion import Conclusion, concluded, conclusion_schema
from .coverage import axes_of
from .errors import BadInput, ContextExceeded, OutOfMemory
from .events import Event, read_events
from .exchange import Answer, Exchange
from .generation import GenerationRequest
from .held import held_tokens
from .ledger import CallRecord, Ledger
from .messages import Choice, ToolCall, ToolSpec
from .parts import Parts, fixed_tokens
from .summarizing import Summarizing
from .verbs import VERBS, Finding

_NOTING = ("record_observation", "query_memory")
_TYPINGS = 2  # how often the answer is asked for as JSON


def _goes_in_circles(made: Sequence[CallRecord], after: int) -> bool:
    """Whether the newest calls, so many, were made before, and nothing was recorded since something was seen."""
    newest = made[-after:]
    looks = [one for one in newest if one.status == "repeat" and one.call.name not in _NOTING]
    if len(looks) < after:
        return False
    telling = next((one for one in reversed(made) if one.status in ("new", "view", "note")), None)
    return telling is not None and telling.status != "note"


class Loop:
    """One investigation in progress; `step` appends at least one event, and the ledger follows from the events."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._settings = parts.info.settings
        self._ledger = Ledger.of(read_events(parts.folder.events_path))
        parts.notebook.sync(self._ledger.observations)
        if self._ledger.parts is None:
            self._start()
        self._starved = False
        self._share()

    def _share(self) -> None:
        """Share out the ceiling: the one that was set, or the lower one that memory turned out to allow."""
        parts, ledger, question = self._parts, self._ledger, self._parts.info.question
        asked = ledger.asked or question
        settings = self._settings
        if ledger.ceiling is not None and ledger.ceiling < settings.ceiling:
            settings = replace(settings, ceiling=ledger.ceiling)
        self._budget = share_out(settings, ledger.parts or {}, page_tokens=ledger.page_tokens)
        self._compaction = Compaction(parts.pager, parts.words, self._budget, settings, question, parts.guarded.measure)
        self._executor = CallExecutor(
            parts.pager, parts.tools, parts.notebook, parts.words, self._budget, settings, asked
        )

    def run(self) -> Ledger:
        """Take steps until the run has ended."""
        while not self._ledger.ended:
            self.step()
        return self._ledger

    def hear(self, message: str) -> None:
        """Take up what a person says once the question before it is answered. Raises `BadInput` for too long a one."""
        tokens, most = self._parts.words.counter.count(message), self._budget.room // 2
        if tokens > most:
            raise BadInput(f"that message has {tokens:,} tokens, and {most:,} have a place; shorten it")
        content = self._parts.words.neutral(message)
        self._append({"event": "person", "turn": self._ledger.turn, "content": content})
        self._share()

    def _start(self) -> None:
        """Write down what the fixed parts of every prompt cost."""
        fixed = fixed_tokens(self._parts.guarded, self._parts.info.question)
        budget = share_out(self._settings, fixed)
        memory = self._parts.info.about.get("memory")  # how the ceiling was come by
        if isinstance(memory, Mapping):
            self._append({"event": "plan", "ceiling": self._settings.ceiling, **memory})
        specs = self._parts.tools.specs
        about = {"tools": [spec.name for spec in specs], "axes": axes_of(specs)}
        self._append({"event": "start", "parts": dict(fixed), "budget": asdict(budget), **about})

    def step(self) -> None:
        """Do the next thing; which it is depends on the events so far and on nothing else."""
        ledger = self._ledger
        if ledger.conclusion is not None:
            self._conclude(ledger, ledger.conclusion)
        elif ledger.waiting is not None:
            self._serve(ledger, ledger.waiting)
        elif ledger.uncorrected is not None:
            self._correct(ledger.uncorrected)
        elif not ledger.finishing and (reason := self._over()):
            for event in self._compaction.closing(ledger, reason):
                self._append(event)
        elif ledger.reminder is not None and not ledger.reminder.asked and self._compaction.fits(ledger):
            self._speak("reminder")
        elif not self._shortened(self._compaction.before_turn(ledger)):
            self._speak("answer" if ledger.finishing else "turn")

    def _serve(self, ledger: Ledger, call: ToolCall) -> None:
        """Answer a call, or make room for its answer first."""
        if not self._shortened(self._compaction.before_answer(ledger)):
            self._answer(call)

    def _shortened(self, events: list[Event]) -> bool:
        """Append what makes room; whether there was any."""
        for event in events:
            self._append(self._with_say(event))
        return bool(events)

    def _with_say(self, event: Event) -> Event:
        """A compaction as the model would have its summaries, where that was chosen and keeps under the ceiling."""
        if event["event"] != "compaction" or self._settings.summarizer != "model":
            return event
        parts, budget, compaction = self._parts, self._budget, self._compaction
        summarizing = Summarizing(parts.pager, parts.words, parts.guarded, budget, parts.info.question)
        changed = summarizing.rewritten(event, self._ledger, self._append)
        tokens = parts.guarded.measure(compaction.messages(self._ledger.after(changed)))
        fits = tokens + budget.reserve <= budget.ceiling or tokens <= int(str(event["tokens_after"]))
        return {**changed, "tokens_after": tokens} if fits else event

    def _over(self) -> str | None:
        """Why the investigation must come to its answer now, if it must."""
        if self._ledger.turn - self._ledger.begun >= self._settings.max_turns:
            return "max_turns"
        return "slips" if self._ledger.slips >= self._settings.max_slips else None

    def _speak(self, purpose: str) -> None:
        ledger = self._ledger
        withheld = self._withheld() if purpose == "turn" else ()
        tools = {
            "turn": self._offered(withheld) if purpose == "turn" else (),
            "reminder": tuple(spec for spec in self._parts.guarded.tools if spec.name == "record_observation"),
            "answer": (),
            "typed": (),
        }[purpose]
        schema = {
            "answer": conclusion_schema(ledger.offered),
            "typed": self._parts.info.answer_schema,
        }.get(purpose)
        text = purpose in ("answer", "typed") or (purpose == "turn" and self._may_answer(ledger))
        asked = GenerationRequest(
            number=ledger.totals.generations + 1,
            turn=ledger.turn + (purpose == "turn"),
            purpose=purpose,
            choice=Choice(tools=tools, text=text, schema=schema),
            withheld=withheld,
        )
        self._generate(asked)

    def _offered(self, withheld: tuple[str, ...]) -> tuple[ToolSpec, ...]:
        """What may be called in a turn, the whole before its parts."""
        verbs = [spec for spec in self._parts.guarded.tools if spec.name in VERBS]
        tools = broad(self._parts.tools.specs, self._ledger.made, self._parts.info.question)
        return tuple(spec for spec in (*verbs, *tools) if spec.name not in withheld)

    def _may_answer(self, ledger: Ledger) -> bool:
        """Only with the findings that were asked for, and never before anything was looked at."""
        looked = bool(ledger.made) or not any(True for _ in self._parts.tools)
        return looked and ledger.recorded >= self._settings.answer_after

    def _generate(self, asked: GenerationRequest) -> None:
        """Generate once; where memory or the model's context runs out, lower the ceiling for the next step.

        The second time in a row the error goes up, and the run can be resumed.
        """
        try:
            messages = self._compaction.messages(self._ledger)
            event = self._parts.guarded.generate(messages, asked, ceiling=self._budget.ceiling)
        except (OutOfMemory, ContextExceeded) as error:
            failure = error.with_traceback(None)
        else:
            self._starved = False
            used = int(str(event["input_tokens"]))
            held = held_tokens(self._ledger, self._parts.words.counter, input_tokens=used)
            self._append({**(self._concluded(event) if asked.purpose == "answer" else event), "held": held})
            return
        used = failure.input_tokens + failure.max_new_tokens
        lowered = lowered_ceiling(self._settings, self._ledger.parts or {}, used=used, fits=failure.fits_tokens)
        ceilings = {"ceiling": self._budget.ceiling, "lowered_to": lowered or self._ledger.ceiling}
        where = {"turn": asked.turn, "purpose": asked.purpose, "input_tokens": failure.input_tokens}
        sizes = {"requested_bytes": failure.requested_bytes, "free_bytes": failure.free_bytes}
        self._append({"event": "memory", **where, **ceilings, **sizes, "message": str(failure)})
        if self._starved or lowered is None:
            raise failure
        self._starved = True
        self._share()

    def _concluded(self, event: Event) -> Event:
        """The event of the reply that was to be the answer, with what it comes to; so much of that is said later on."""
        ledger, words = self._ledger, self._parts.words
        question = ledger.asked or self._parts.info.question
        conclusion = concluded(
            str(event["reply"]), ledger.observations, findings=ledger.offered, question=question, words=words
        )
        content = words.clip(conclusion.answer, self._budget.reserve)
        return {**event, "problem": None, "content": content, "conclusion": conclusion.fields()}

    def _withheld(self) -> tuple[str, ...]:
        """The verbs while there is nothing to look into, and tools asked for in vain again and again.

        One without arguments stays withheld, for its result can be opened; any other is for one turn. Who asks again
        for what was seen and has written nothing down of it is offered nothing but to record.
        """
        made, after = self._ledger.made, self._settings.narrow_after
        if not made and any(True for _ in self._parts.tools):
            return tuple(sorted(VERBS))
        if self._settings.answer_after and _goes_in_circles(made, after):
            return tuple(sorted(spec.name for spec in self._parts.guarded.tools if spec.name != "record_observation"))
        repeats = Counter(one.call.name for one in made if one.status == "repeat" and not one.call.arguments)
        settled = {name for name, count in repeats.items() if count >= after and name in self._parts.tools}
        in_vain = settled | self._stuck(after, "repeat") | self._stuck(max(2, after), "repeat", "failed")
        return tuple(sorted(in_vain))

    def _stuck(self, count: int, *statuses: str) -> set[str]:
        """The tool that the newest calls, so many of them, asked for in vain."""
        newest = self._ledger.made[-count:]
        names = {one.call.name for one in newest}
        stuck = len(newest) == count and all(one.status in statuses for one in newest) and len(names) == 1
        return names if stuck else set()

    def _answer(self, call: ToolCall) -> None:
        """Serve one call; its finding is written before its receipt, so that a receipt is never a promise."""
        ledger = self._ledger
        exchange = ledger.last
        assert exchange is not None
        began = time.perf_counter()
        served = self._executor.serve(ledger, exchange, call, allowance=self._allowance(exchange))
        if served.finding is not None:
            self._observe(served.finding)
        if served.error is not None:
            self._append({"event": "error", "turn": ledger.turn, "where": call.name, "message": served.error})
        answer = served.answer
        self._append(
            {
                "event": "result",
                "turn": exchange.turn,
                "generation": exchange.number,
                "call": len(exchange.answers),
                "name": call.name,
                "arguments": dict(call.arguments),
                "status": answer.status,
                "address": answer.address,
                "whole": answer.whole,
                "content": answer.content,
                "tokens": self._parts.words.counter.count(answer.content),
                "pinned_until": served.pinned_until,
                "seconds": round(time.perf_counter() - began, 4),
            }
        )

    def _allowance(self, exchange: Exchange) -> int:
        """The tokens that remain for the next answer, shared with the calls that wait behind it."""
        open_calls = len(exchange.calls) - len(exchange.answers)
        paired = exchange
        for _ in range(open_calls):
            paired = paired.answered(Answer(content="", status="note"))
        total = self._parts.guarded.measure(self._compaction.messages(self._ledger.with_exchange(paired)))
        return max(0, self._budget.ceiling - self._budget.reserve - total) // open_calls

    def _observe(self, finding: Finding) -> None:
        number = len(self._ledger.observations) + 1
        self._append(
            {
                "event": "observation",
                "number": number,
                "turn": self._ledger.turn,
                "by": "model",
                "finding": finding.finding,
                "evidence": list(finding.evidence),
                "salience": finding.salience,
                **({"step": finding.step} if finding.step is not None else {}),
            }
        )

    def _conclude(self, ledger: Ledger, conclusion: Conclusion) -> None:
        """End with the answer, once it is there as JSON too where that was asked for."""
        schema = self._parts.info.answer_schema
        if schema is None or ledger.typed is not None or ledger.typing > _TYPINGS:
            self._end(conclusion)
        elif ledger.typing == 0 or ledger.mistyped:
            self._append({"event": "typed", "turn": ledger.turn, "content": self._parts.words.typed(schema)})
        elif not self._shortened(self._compaction.before_turn(ledger)):
            self._speak("typed")

    def _correct(self, problem: str) -> None:
        content = self._parts.words.correction(problem)
        self._append(
            {"event": "error", "turn": self._ledger.turn, "where": "reply", "message": problem, "content": content}
        )

    def _end(self, conclusion: Conclusion) -> None:
        totals = self._ledger.totals
        reason = "answered" if not self._ledger.finishing else self._over() or "answered"
        self._append(
            {
                "event": "end",
                "turn": self._ledger.turn,
                "reason": reason,
                **conclusion.fields(),
                "typed": self._ledger.typed,
                "findings": len(self._ledger.observations),
                **asdict(totals),
            }
        )

    def _append(self, event: Event) -> None:
        """Write an event, then believe it."""
        self._parts.log.append(event)
        known = len(self._ledger.observations)
        self._ledger = self._ledger.after(event)
        for observation in self._ledger.observations[known:]:
            self._parts.notebook.add(observation)
