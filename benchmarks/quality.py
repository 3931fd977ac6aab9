"""`python -m benchmarks.quality`: which facts of real results survive in few tokens, ours and everything else's."""

import json
from argparse import ArgumentParser
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from statistics import median
from typing import TypedDict

from pager import TokenCounter, counter

from .baselines import baselines
from .corpus import Corpus, CorpusMissing, load_corpus
from .interval import Share
from .located import KINDS, located
from .method import Method, Plain
from .ours import Ours, Shelf
from .peers import Conversation, PeerMethod, available
from .progress import Tick, progress
from .reach import Reached, reach, share_in_goal
from .recall import Recall, measure
from .report import print_tables, write_plot

BUDGETS = (50, 100, 150, 200, 400)
DETAILED = 150  # the budget whose families and kinds are told apart
Fields = dict[str, object]


class Quality(TypedDict):
    """What `run_quality` found, as it stands in quality.json."""

    version: int
    tokenizer: str
    corpus: Fields
    budgets: list[int]
    methods: list[Fields]
    reach: dict[str, Fields]
    skipped: dict[str, str]
    missed: list[Fields]


def run_quality(
    corpus: Path | None = None,
    out: Path | None = None,
    budgets: Sequence[int] = BUDGETS,
    *,
    peers: bool = True,
    focus: bool = True,
    reached: bool = True,
    extra: Callable[[Shelf], Iterable[Method]] | None = None,
    tokens: TokenCounter | None = None,
    show: bool = True,
) -> Quality:
    """Recall of every method at every budget, over the corpus in a folder; same corpus, same figures.

    `out` receives quality.json, quality.png and quality.svg. `peers` asks those installed (`python -m
    benchmarks.peers`); `focus` adds ours and the peers that take one with each fact's question; `reached` follows the
    detail facts by find and open; `extra` makes further methods, such as a model's summaries. `show` draws a progress
    bar on standard error. Raises CorpusMissing.
    """
    facts = load_corpus(corpus)
    tokens = tokens or counter()
    shelf = Shelf(tokens)
    with ExitStack() as stack:
        methods, skipped = _methods(shelf, tokens, stack, peers=peers, focus=focus)
        methods += list(extra(shelf)) if extra else []
        ours = [method for method in methods if isinstance(method, Ours)]
        tick = stack.enter_context(progress(len(methods) * len(budgets) + len(ours) * reached, show=show))
        rows = [_row(method, facts, budgets, shelf, tick) for method in methods]
        reaches = {method.name: _reach(method, facts, shelf, tick) for method in ours} if reached else {}
    quality = Quality(
        version=1,
        tokenizer=tokens.name,
        corpus=_about(facts),
        budgets=list(budgets),
        methods=[fields for fields, _ in rows],
        reach=reaches,
        skipped=skipped,
        missed=[_missed(recall) for _, recalls in rows[:1] for recall in recalls if recall.budget_tokens == DETAILED],
    )
    if out is not None:
        write(quality, out)
    return quality


def write(quality: Quality, out: Path) -> None:
    """quality.json, quality.png and quality.svg in a folder, which is made."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "quality.json").write_text(json.dumps(quality, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    write_plot(quality["methods"], quality["budgets"], out / "quality")


def _methods(
    shelf: Shelf, tokens: TokenCounter, stack: ExitStack, *, peers: bool, focus: bool
) -> tuple[list[Method], dict[str, str]]:
    functions, skipped = baselines()
    methods: list[Method] = [Ours(shelf)]
    if focus:
        methods.append(Ours(shelf, focused=True))
    methods += [Plain(name, function, tokens) for name, function in functions.items()]
    if peers:
        here, absent = available()
        skipped |= absent
        for peer in here:
            talk: AbstractContextManager[Conversation] = Conversation(peer)
            talking = stack.enter_context(talk)
            methods.append(PeerMethod(talking, tokens, focused=False))
            if focus and peer.focused:
                methods.append(PeerMethod(talking, tokens, focused=True))
    return methods, skipped


def _row(
    method: Method, corpus: Corpus, budgets: Sequence[int], shelf: Shelf, tick: Tick
) -> tuple[Fields, list[Recall]]:
    recalls = []
    for budget in budgets:
        tick(f"{method.name}, {budget} tokens")
        recalls.append(measure(method, corpus, budget, shelf.pager.counter))
    fields: Fields = {
        "name": method.name,
        "focused": method.focused,
        "recall": {str(recall.budget_tokens): recall.overall().as_json() for recall in recalls},
        "chance": {str(recall.budget_tokens): round(recall.chance(), 3) for recall in recalls},
        "most_tokens": {str(recall.budget_tokens): recall.most_tokens for recall in recalls},
    }
    detailed = next((recall for recall in recalls if recall.budget_tokens == DETAILED), None)
    if detailed is not None:
        found = located(detailed, corpus, shelf)
        fields["by_family"] = _shares(detailed.by(lambda fact: fact.family))
        fields["by_kind"] = _shares(detailed.by(lambda fact: fact.kind))
        fields["located"] = found.share.as_json() | {"kinds": list(KINDS), "without_place": found.placeless}
    if isinstance(method, PeerMethod):
        fields["median_tokens_before_cut"] = median(method.raw_tokens)
        fields["failures"] = sorted(set(method.failures))
    return fields, recalls


def _reach(method: Method, corpus: Corpus, shelf: Shelf, tick: Tick) -> Fields:
    tick(f"{method.name}, reach")
    outcomes = reach(method, corpus, shelf, budget_tokens=DETAILED)
    called = [outcome for outcome in outcomes if outcome.reached and outcome.calls]
    return {
        "within_2_calls_500_tokens": share_in_goal(outcomes).as_json(),
        "reached": sum(outcome.reached for outcome in outcomes),
        "in_the_summary": sum(outcome.reached and not outcome.calls for outcome in outcomes),
        "median_calls": median([outcome.calls for outcome in called] or [0]),
        "median_tokens": median([outcome.tokens for outcome in called] or [0]),
        "missed": [_outcome(outcome) for outcome in outcomes if not outcome.in_goal],
    }


def _outcome(outcome: Reached) -> Fields:
    fact = outcome.fact
    return {
        "id": fact.id,
        "question": fact.question,
        "calls": outcome.calls,
        "tokens": outcome.tokens,
        "reached": outcome.reached,
    }


def _missed(recall: Recall) -> Fields:
    return {
        "method": recall.method,
        "budget": recall.budget_tokens,
        "facts": [
            {"id": verdict.fact.id, "question": verdict.fact.question, "answer": verdict.fact.answer}
            for verdict in recall.verdicts
            if not verdict.held
        ],
    }


def _about(corpus: Corpus) -> Fields:
    return {
        "results": len(corpus.sources),
        "facts": len(corpus.facts),
        "gist facts decided by containment": len(corpus.headline()),
        "detail facts decided by containment": len(corpus.detail()),
    }


def _shares(shares: dict[str, Share]) -> Fields:
    return {name: share.as_json() for name, share in shares.items()}


def main() -> None:
    """The command line: tables, or with --json the JSON, on standard output; files with --out."""
    parser = ArgumentParser(prog="python -m benchmarks.quality", description=__doc__)
    parser.add_argument("--corpus", type=Path, help="folder with facts.jsonl (default: ../shared/corpus)")
    parser.add_argument("--out", type=Path, help="folder for quality.json, quality.png and quality.svg")
    parser.add_argument("--budgets", type=int, nargs="+", default=BUDGETS)
    parser.add_argument("--json", action="store_true", help="JSON instead of tables")
    parser.add_argument("--no-peers", action="store_true", help="leave installed peers out")
    parser.add_argument("--no-focus", action="store_true", help="leave out the runs that are given the question")
    chosen = parser.parse_args()
    try:
        quality = run_quality(
            chosen.corpus, chosen.out, chosen.budgets, peers=not chosen.no_peers, focus=not chosen.no_focus
        )
    except CorpusMissing as missing:
        parser.exit(2, f"{missing}\n")
    if chosen.json:
        print(json.dumps(quality, ensure_ascii=False))
    else:
        print_tables(quality["methods"], quality["reach"], quality["skipped"])


if __name__ == "__main__":
    main()
