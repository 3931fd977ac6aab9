"""How a call is answered: from the tool, from the store, or with what was wrong with it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pager import Call, Pager, Result, StoreFailed, root_of
from summarizers import LEAST_ANSWER, Look, Looking, card, stub

from .ceiling import Budget
from .exchange import Answer, Exchange, same_call
from .ledger import Ledger
from .memory import is_out_of_memory, let_go
from .messages import ToolCall
from .notebook import Notebook
from .settings import Settings
from .tools import Toolbox
from .verbs import VERBS, Finding, Verbs
from .words import Words

_REOPENED = 3  # the same look for this often is told to the model


@dataclass(frozen=True, slots=True)
class CallOutcome:
    """What answers a call, and what else comes of it: a finding to write down, an error to log, a pin."""

    answer: Answer
    finding: Finding | None = None
    error: str | None = None
    pinned_until: int = 0


@dataclass(frozen=True, slots=True)
class CallExecutor:
    """Answers the calls of one run; reads the ledger, writes results into the store, appends no event."""

    pager: Pager
    tools: Toolbox
    notebook: Notebook
    words: Words
    budget: Budget
    settings: Settings
    question: str

    def serve(self, ledger: Ledger, exchange: Exchange, call: ToolCall, *, allowance: int) -> CallOutcome:
        """Answer one call in about `allowance` tokens; whatever a tool raises becomes its answer."""
        offered = self._offered(exchange)
        if call.name not in offered and (call.name in VERBS or call.name in self.tools):
            return CallOutcome(Answer(self.words.refused(call.name, offered[:12]), "failed"))
        try:
            return self._serve(ledger, call, allowance)
        except StoreFailed:
            raise
        except Exception as error:  # noqa: BLE001 - a tool may raise anything; its failure is a result
            failed = CallOutcome(
                Answer(self.words.failed(call.name, error), "failed"), error=f"{type(error).__name__}: {error}"
            )
            starved = is_out_of_memory(error)
            error.__traceback__ = None  # its frames may hold a network's tensors
        if starved:
            let_go()
        return failed

    def _offered(self, exchange: Exchange) -> Sequence[str]:
        if exchange.purpose == "reminder":
            return ["record_observation"]
        names = [*VERBS, *(tool.name for tool in self.tools)]
        return sorted(name for name in names if name not in exchange.withheld)

    def _serve(self, ledger: Ledger, call: ToolCall, allowance: int) -> CallOutcome:
        shown_at = _shown_at(ledger, call)
        if shown_at is not None and call.name not in ("record_observation", "query_memory"):
            turn, address = shown_at
            return CallOutcome(Answer(self.words.repeated(turn=turn, address=address, shown=None), "repeat", address))
        if call.name in VERBS:
            return self._look(ledger, call, allowance)
        return self._run(ledger, call, allowance)

    def _run(self, ledger: Ledger, call: ToolCall, allowance: int) -> CallOutcome:
        """A tool's result: from the store where the same call is there already, else by running the tool."""
        tool = self.tools[call.name]
        stored = next((one for one in self.pager.results() if _is_of(one, call)), None)
        if stored is None:
            stored = self.pager.put(tool.run(call.arguments), call=Call(call.name, dict(call.arguments)))
        shown = self._landing(stored.id, allowance)
        before = next((made for made in ledger.made if made.address == stored.id and made.status == "new"), None)
        if before is None:
            return CallOutcome(shown)
        again = self.words.repeated(turn=before.turn, address=stored.id, shown=shown.content)
        return CallOutcome(
            replace(shown, content=again, status="repeat"), pinned_until=ledger.turn + self.settings.pin_turns
        )

    def _landing(self, address: str, allowance: int) -> Answer:
        """The fullest first view that fits: all of a short result; a card with the first page; a card; a stub."""
        node = self.pager.node(address)
        words, budget = self.words, self.budget
        line = stub(node, counter=words.counter, templates=words.templates)
        if allowance < LEAST_ANSWER:
            return Answer(line, "new", address)
        first = self.pager.open(address, limit_tokens=budget.page)
        page = words.page(first)
        size = words.counter.count(page)
        whole = first.pages == 1
        if whole and size <= min(budget.card, allowance):
            return Answer(page, "new", address, whole=True)
        limit = min(budget.card, allowance)
        made = card(node, limit_tokens=limit, focus=self.question, counter=words.counter, templates=words.templates)
        if made.tokens + size <= min(budget.room // 4, allowance - budget.landing):
            return Answer(f"{made.text}\n{page}", "new", address, whole=whole)
        return Answer(made.text if made.tokens <= allowance else line, "new", address)

    def _look(self, ledger: Ledger, call: ToolCall, allowance: int) -> CallOutcome:
        """What a verb answers; a look taken again and again is noticed, an aged result that is opened is pinned."""
        looking = Looking(
            pager=self.pager,
            templates=self.words.templates,
            page_tokens=self.budget.page,
            card_tokens=self.budget.card,
            allowance=allowance,
            question=self.question,
            shown=frozenset(made.address for made in ledger.made if made.address),
        )
        verbs = Verbs(looking, self.words, self.notebook, _remarks(ledger))
        seen = verbs.toolbox()[call.name].run(call.arguments)
        if isinstance(seen, Finding):
            return self._record(ledger, seen)
        if isinstance(seen, Look):
            seen = Answer(seen.text, "view" if seen.address else "failed", seen.address, whole=seen.whole)
        assert isinstance(seen, Answer)
        return self._noticed(ledger, call, seen)

    def _noticed(self, ledger: Ledger, call: ToolCall, seen: Answer) -> CallOutcome:
        times = 1 + sum(same_call(made.call) == same_call(call) and made.status != "failed" for made in ledger.made)
        if seen.status == "view" and times >= _REOPENED:
            seen = replace(seen, content=self.words.reopened(seen.content, times), status="repeat")
        if seen.status == "note" and ledger.made and same_call(ledger.made[-1].call) == same_call(call):
            seen = replace(seen, status="repeat")
        aged = seen.address is not None and _has_aged(ledger, root_of(seen.address))
        return CallOutcome(seen, pinned_until=ledger.turn + self.settings.pin_turns if aged else 0)

    def _record(self, ledger: Ledger, finding: Finding) -> CallOutcome:
        known = next((one for one in ledger.observations if one.finding == finding.finding), None)
        unreceipted = ledger.unreceipted
        if known is not None and known != unreceipted:
            settled = self.words.settled(ledger.observations)
            return CallOutcome(Answer(self.words.observed(known.number, known=True, settled=settled), "repeat"))
        number = known.number if known else len(ledger.observations) + 1
        settled = self.words.settled(ledger.observations) | ({finding.step} if finding.step else set())
        receipt = self.words.observed(
            number,
            known=False,
            copied=finding.finding if finding.copied else "",
            unknown=finding.unknown,
            near=finding.near,
            settled=settled,
        )
        return CallOutcome(Answer(receipt, "note"), finding=None if known else finding)


def _is_of(result: Result, call: ToolCall) -> bool:
    if result.call is None:
        return False
    return same_call(ToolCall(result.call.tool, result.call.arguments)) == same_call(call)


def _remarks(ledger: Ledger) -> list[str]:
    """What the loop said in one line in place of a result: receipts, failures, that a call was made before."""
    return [
        answer.content
        for exchange in ledger.exchanges
        for call, answer in zip(exchange.calls, exchange.answers, strict=False)
        if (answer.status in ("repeat", "failed") or call.name == "record_observation") and "\n" not in answer.content
    ]


def _shown_at(ledger: Ledger, call: ToolCall) -> tuple[int, str | None] | None:
    """The turn and address of the same call, where what answered it still stands in the prompt as it was."""
    for exchange in ledger.exchanges:
        for asked, answer in zip(exchange.calls, exchange.answers, strict=False):
            if answer.level == "page" and answer.status in ("new", "view") and same_call(asked) == same_call(call):
                return exchange.turn, answer.address
    return None


def _has_aged(ledger: Ledger, result: str) -> bool:
    """Whether the result was shown before and no page or card of it stands in the prompt any more."""
    answers = [answer for exchange in ledger.exchanges for answer in exchange.answers if answer.result == result]
    was_shown = any(made.address is not None and root_of(made.address) == result for made in ledger.made)
    return was_shown and not any(answer.level == "page" for answer in answers)
