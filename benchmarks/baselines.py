"""What one could put into the prompt instead: each a function (text, budget, counter) -> text within the budget."""

import json
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from importlib.util import find_spec

from pager import TokenCounter

from .budget import head, tail, whole_lines
from .ranking import ranked

Baseline = Callable[[str, int, TokenCounter], str]

GAP = "\n[...]\n"
LINES_READ = 20_000  # what drain3 reads of one result
LINE_LENGTH = 2_000  # characters of a line that it reads


def head_tail(text: str, budget_tokens: int, counter: TokenCounter) -> str:
    """The first and the last half of the budget, as most agents truncate."""
    if counter.count(text[: 40 * budget_tokens]) <= budget_tokens and len(text) <= 40 * budget_tokens:
        return text
    for slack in range(4):  # tokens may merge at the two seams
        half = (budget_tokens - counter.count(GAP) - slack) // 2
        joined = head(text, half, counter) + GAP + tail(text, half, counter)
        if counter.count(joined) <= budget_tokens:
            return joined
    return head(text, budget_tokens, counter)


def head_tail_lines(text: str, budget_tokens: int, counter: TokenCounter) -> str:
    """Whole lines, taken in turn from the beginning and the end, while they fit."""
    lines = text.splitlines()
    first: list[str] = []
    last: list[str] = []
    for line, place in _from_both_ends(lines):
        place_of = first if place == "first" else last
        place_of.append(line)
        if len(line) > 40 * budget_tokens or counter.count(_ends(first, last, len(lines))) > budget_tokens:
            place_of.pop()
            break
    return _ends(first, last, len(lines)) if first else head(text, budget_tokens, counter)


def textrank(text: str, budget_tokens: int, counter: TokenCounter) -> str:
    """The lines that TextRank (sumy) ranks highest, in the order of the text."""
    return _in_order(ranked(text, "textrank"), budget_tokens, counter)


def lexrank(text: str, budget_tokens: int, counter: TokenCounter) -> str:
    """The lines that LexRank (sumy) ranks highest, in the order of the text."""
    return _in_order(ranked(text, "lexrank"), budget_tokens, counter)


def minified(text: str, budget_tokens: int, counter: TokenCounter) -> str:
    """JSON (or JSON lines) without its spaces, other text without indentation and blank lines, cut at the budget."""
    return head(_minified(text), budget_tokens, counter)


def toon(text: str, budget_tokens: int, counter: TokenCounter) -> str:
    """JSON (JSON lines as a list) as TOON, cut at the budget; other text, which it is not for, as `minified` has it."""
    return head(_toon(text), budget_tokens, counter)


def templates(text: str, budget_tokens: int, counter: TokenCounter) -> str:
    """The line templates that drain3 finds, the most frequent first, each with its count."""
    lines = (f"{size}x {template}" for size, template in _templates(text))
    return whole_lines(lines, budget_tokens, counter) or head(text, budget_tokens, counter)


_NEEDS = {"textrank": "sumy", "lexrank": "sumy", "toon": "toon_format", "templates": "drain3"}
_ALL: dict[str, Baseline] = {
    "head": head,
    "head+tail": head_tail,
    "head+tail lines": head_tail_lines,
    "minified": minified,
    "toon": toon,
    "templates": templates,
    "textrank": textrank,
    "lexrank": lexrank,
}


def baselines() -> tuple[dict[str, Baseline], dict[str, str]]:
    """Those that can run here, by name, and why the others cannot."""
    missing = {name: package for name, package in _NEEDS.items() if find_spec(package) is None}
    skipped = {name: f"needs the package {package.replace('_', '-')}" for name, package in missing.items()}
    return {name: function for name, function in _ALL.items() if name not in missing}, skipped


def _from_both_ends(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    start, stop = 0, len(lines)
    while start < stop:
        yield lines[start], "first"
        start += 1
        if start < stop:
            stop -= 1
            yield lines[stop], "last"


def _ends(first: Sequence[str], last: Sequence[str], total: int) -> str:
    gap = [] if len(first) + len(last) == total else ["[...]"]
    return "\n".join([*first, *gap, *reversed(last)])


def _in_order(best_first: Sequence[tuple[int, str]], budget_tokens: int, counter: TokenCounter) -> str:
    chosen: list[tuple[int, str]] = []
    for line in best_first[: 2 * budget_tokens]:
        trial = sorted([*chosen, line])
        if counter.count("\n".join(text for _, text in trial)) <= budget_tokens:
            chosen = trial
    return "\n".join(text for _, text in chosen)


@lru_cache(maxsize=64)
def _minified(text: str) -> str:
    found = _parsed(text)
    if found is None:
        return "\n".join(line.strip() for line in text.splitlines() if line.strip())
    return "\n".join(json.dumps(value, separators=(",", ":"), ensure_ascii=False) for value in found)


@lru_cache(maxsize=64)
def _toon(text: str) -> str:
    import toon_format

    found = _parsed(text)
    if found is None:
        return _minified(text)
    return str(toon_format.encode(found[0] if len(found) == 1 else found))


def _parsed(text: str) -> list[object] | None:
    """The one value of JSON, or those of JSON lines; None for other text."""
    try:
        return [json.loads(text)]
    except (ValueError, RecursionError):
        pass
    try:
        return [json.loads(line) for line in text.splitlines() if line.strip()] or None
    except (ValueError, RecursionError):
        return None


@lru_cache(maxsize=64)
def _templates(text: str) -> list[tuple[int, str]]:
    from drain3 import TemplateMiner
    from drain3.template_miner_config import TemplateMinerConfig

    miner = TemplateMiner(config=TemplateMinerConfig())
    for line in text.splitlines()[:LINES_READ]:
        miner.add_log_message(line[:LINE_LENGTH])
    found = [(int(cluster.size), str(cluster.get_template())) for cluster in miner.drain.clusters]
    return sorted(found, key=lambda item: (-item[0], item[1]))
