"""Which facts of real tool results survive in few tokens: ours, and everything one could pick instead.

The corpus is ../shared/corpus unless $TOOLPAGER_SHARED or --corpus says otherwise. Baselines run here, peers where
`python -m benchmarks.peers` has installed them. --keep writes anew all that is kept of it: benchmarks/results, from the
kept replies of models where nothing changed, and the README's tables.
"""

import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from statistics import median
from typing import TypedDict, cast

from agent import AgentError
from pager import TokenCounter, counter
from summarizers import SMALLEST_BUDGET

from .assisting import Assistance
from .baselines import baselines
from .corpus import Corpus, CorpusMissing, load_corpus
from .interval import Share
from .located import KINDS, located
from .method import Method, Plain
from .ours import Ours, OursWithModel, Shelf
from .peers import PEERS, Conversation, PeerMethod, available
from .progress import Tick, progress
from .reach import Reached, reach, share_in_goal
from .readme import RESULTS, write_readmes
from .recall import Recall, measure
from .report import print_tables, write_plot

BUDGETS = (50, 100, 150, 200, 400)
REPLIES = RESULTS / "replies.jsonl"
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
    reader: dict[str, Fields]
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
    models: Assistance | None = None,
    before: Fields | None = None,
    tokens: TokenCounter | None = None,
    show: bool = True,
) -> Quality:
    """Recall of every method at every budget, over the corpus in a folder; same corpus, same figures.

    `out` receives quality.json, quality.png and quality.svg. `peers` asks those installed (`python -m
    benchmarks.peers`); `focus` adds ours and the peers that take one with each fact's question; `reached` follows the
    detail facts by find and open; `models` have their say in summaries and read them. `before` is an earlier
    quality.json over the same corpus, whose rows of pinned peers stand for those not installed here. `show` draws a
    progress bar on standard error. Raises CorpusMissing.
    """
    facts = load_corpus(corpus)
    tokens = tokens or counter()
    shelf = Shelf(tokens)
    with ExitStack() as stack:
        methods, skipped = _methods(shelf, tokens, stack, peers=peers, focus=focus)
        ours = [method for method in methods if isinstance(method, Ours)]
        steps = (len(methods) + len(models.models if models else ())) * len(budgets) + len(ours) * reached
        steps += models.steps(facts) if models else 0
        tick = stack.enter_context(progress(steps, show=show))
        methods[len(ours) : len(ours)] = models.methods(shelf, facts, tick) if models else ()
        rows = [_row(method, facts, budgets, shelf, tick) for method in methods]
        kept = kept_rows(before, _about(facts), budgets, skipped) if peers and before else []
        readers = models.readers(shelf, facts, tick) if models else {}
        reaches = {method.name: _reach(method, facts, shelf, tick) for method in ours} if reached else {}
    quality = Quality(
        version=1,
        tokenizer=tokens.name,
        corpus=_about(facts),
        budgets=list(budgets),
        methods=[*(fields for fields, _ in rows), *kept],
        reach=reaches,
        reader=readers,
        skipped=_without(skipped, kept) | (models.skipped if models else {}),
        missed=[_missed(recall) for _, recalls in rows[:1] for recall in recalls if recall.budget_tokens == DETAILED],
    )
    if out is not None:
        write(quality, out)
    return quality


def kept_rows(before: Fields, about: Fields, budgets: Sequence[int], absent: Mapping[str, str]) -> list[Fields]:
    """The rows that absent peers had before: they hang on nothing but corpus, budgets and the peer's version."""
    if before.get("corpus") != about or before.get("budgets") != list(budgets):
        return []
    pinned = {peer.requirement for peer in PEERS if peer.name in absent}
    return [row for row in cast("list[Fields]", before["methods"]) if row.get("peer") in pinned]


def _without(skipped: Mapping[str, str], kept: Sequence[Fields]) -> dict[str, str]:
    told = {str(row["peer"]).partition("==")[0] for row in kept}
    names = {peer.name for peer in PEERS if peer.requirement.partition("==")[0] in told}
    return {name: why for name, why in skipped.items() if name not in names}


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
    for budget in _asked_of(method, budgets):
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
    if isinstance(method, OursWithModel):
        fields["said"] = {str(budget): dict(method.said[budget].most_common()) for budget in budgets}
    if isinstance(method, PeerMethod):
        fields["median_tokens_before_cut"] = {str(budget): median(raw) for budget, raw in method.raw_tokens.items()}
        fields["failures"] = sorted(set(method.failures))
        fields["peer"] = method.talk.peer.requirement
    return fields, recalls


def _asked_of(method: Method, budgets: Sequence[int]) -> Sequence[int]:
    """All budgets; of a peer that is asked once for each question only the detailed one, which takes it minutes."""
    if isinstance(method, PeerMethod) and method.focused:
        return [DETAILED] if DETAILED in budgets else budgets[-1:]
    return budgets


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
        "fingerprint": corpus.fingerprint(),
        "results": len(corpus.sources),
        "facts": len(corpus.facts),
        "gist facts decided by containment": len(corpus.headline()),
        "detail facts decided by containment": len(corpus.detail()),
    }


def _shares(shares: dict[str, Share]) -> Fields:
    return {name: share.as_json() for name, share in shares.items()}


def main() -> None:
    """The command line: tables, or with --json the JSON, on standard output; files with --out or --keep."""
    chosen = _arguments()
    models = Assistance.of(chosen.model, chosen.replies) if chosen.model or chosen.keep else None
    try:
        quality = run_quality(
            chosen.corpus,
            RESULTS if chosen.keep else chosen.out,
            chosen.budgets,
            peers=not chosen.no_peers,
            focus=not chosen.no_focus,
            models=models,
            before=_before() if chosen.keep else None,
        )
    except (CorpusMissing, AgentError) as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    if chosen.keep and models is not None:
        models.tidy()
        write_readmes()
    if chosen.json:
        print(json.dumps(quality, ensure_ascii=False))
    else:
        print_tables(quality)


def _before() -> Fields | None:
    file = RESULTS / "quality.json"
    return cast("Fields", json.loads(file.read_text(encoding="utf-8"))) if file.exists() else None


def _arguments() -> Namespace:
    about, _, more = (__doc__ or "").partition("\n\n")
    parser = ArgumentParser(prog="toolpager bench quality", description=about, epilog=more)
    parser.add_argument("--corpus", type=Path, metavar="DIR", help="a folder with manifest.jsonl and facts.jsonl")
    parser.add_argument(
        "--budgets", type=int, nargs="+", default=BUDGETS, metavar="N", help="tokens (50 100 150 200 400)"
    )
    parser.add_argument("--no-focus", action="store_true", help="leave out the runs that are given each question")
    parser.add_argument("--no-peers", action="store_true", help="leave installed peers out")
    parser.add_argument(
        "--model",
        action="append",
        default=[],
        metavar="[NAME=]MODEL",
        help="also ours with this model's say, and a reader test with it: bundled, a folder, a GGUF file, a hub id",
    )
    parser.add_argument("--replies", type=Path, default=REPLIES, metavar="FILE", help="where models' replies are kept")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write quality.json, .png and .svg there")
    parser.add_argument("--keep", action="store_true", help="write benchmarks/results and the README's tables")
    parser.add_argument("--json", action="store_true", help="JSON instead of tables")
    chosen = parser.parse_args()
    if min(chosen.budgets) < SMALLEST_BUDGET:
        parser.exit(2, f"--budgets: no summary fits fewer than {SMALLEST_BUDGET} tokens\n")
    return chosen


if __name__ == "__main__":
    main()
