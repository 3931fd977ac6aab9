"""The best facts of a result, copied as a finding where nobody puts them into words."""

from dataclasses import dataclass

from pager import Pager, PagerError
from summarizers import facts

from .words import Words

ALARMING = 2.0
"""The salience of what nobody looking may miss: an alert, an error, a strong outlier."""
_ALARMS = ("error", "outlier")  # topics
_FACTS = 3
_TOKENS = 100


@dataclass(frozen=True, slots=True)
class Excerpt:
    """What stands at an address, in a line; `evidence` are the addresses of its facts.

    `salience` is the best fact's; it reaches `ALARMING` only where that is an alarm.
    """

    finding: str
    evidence: tuple[str, ...]
    salience: float = 0.0


def best_facts(pager: Pager, address: str, *, question: str, words: Words) -> Excerpt:
    """The facts at an address that matter most to the question; why there are none, where there are none."""
    try:
        found = sorted(facts(pager.node(address), focus=question), key=lambda fact: -fact.salience)
    except PagerError as error:
        return Excerpt(words.clip(str(error), 60), (address,))
    chosen = [fact for fact in found if fact.topic not in ("shape", "schema")][:_FACTS] or found[:1]
    if not chosen:
        return Excerpt(f"{address} was seen", (address,))
    finding = words.clip("; ".join(fact.text for fact in chosen), _TOKENS)
    best = chosen[0]
    salience = best.salience if best.topic in _ALARMS else min(best.salience, ALARMING - 0.01)
    return Excerpt(finding, tuple(dict.fromkeys(fact.address for fact in chosen)), salience)
