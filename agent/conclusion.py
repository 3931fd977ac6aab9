"""The answer of an investigation: findings that the model picked and code copied, and its own words if they say any."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from difflib import SequenceMatcher
from typing import Any

from summarizers.assist.lexicon import NEGATIONS

from .excerpt import ALARMING
from .notebook import Author, Observation
from .words import Words

_MOST_PICKED = 3
_MOST_CHARACTERS = 500  # of the model's own words
_LEAST_LOOP = 6  # words before they can be called a loop
_LEAST_ECHO = 4  # words of the question that say nothing
_NUMBER = re.compile(r"\d+(?:\.\d+)?", re.ASCII)
_WORD_OR_NUMBER = re.compile(rf"{_NUMBER.pattern}|[^\W\d_]+(?:['’]t\b)?")
_WORD = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]|\w+")


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What a person reads as the `answer`, and what it is made of.

    `said` are the model's own words, usable or not; `rests_on` the numbers of the findings that the answer shows; `by`
    who chose what it says, None where there is nothing to say. `unsupported` are numbers and denials in what was said
    that none of those findings has: then the answer shows the findings first. `overlooked` is the finding of
    an alarm that the model did not pick; the answer shows it, too.
    """

    answer: str
    said: str
    rests_on: tuple[int, ...] = ()
    by: Author | None = "model"
    unsupported: tuple[str, ...] = ()
    overlooked: int | None = None

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> "Conclusion":
        """The conclusion that the event of a generation holds; words alone, where it holds nothing else."""
        held = event.get("conclusion")
        if held is None:
            return cls(event["content"], event["content"])
        tuples = {name: tuple(held.get(name, ())) for name in ("rests_on", "unsupported")}
        return cls(held["answer"], held["said"], by=held["by"], overlooked=held.get("overlooked"), **tuples)

    def fields(self) -> dict[str, object]:
        """Its parts for an event, or for programs."""
        return {**asdict(self), "rests_on": list(self.rests_on), "unsupported": list(self.unsupported)}


def conclusion_schema(findings: Sequence[int]) -> dict[str, object]:
    """The JSON schema of a reply that picks from these findings first, if there are any, and then says it in words."""
    picked = {"type": "array", "items": {"enum": list(findings)}, "minItems": 1, "maxItems": _MOST_PICKED}
    properties = {
        **({"rests_on": picked} if findings else {}),
        "answer": {"type": "string", "maxLength": _MOST_CHARACTERS},
    }
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def concluded(
    reply: str, observations: Sequence[Observation], *, findings: Iterable[int], question: str, words: Words
) -> Conclusion:
    """The answer that a reply comes to; `findings` are the numbers that it could pick.

    Words that say nothing are not shown; where nothing else was picked, the answer is the loop's best finding.
    """
    picked, said = _read(reply)
    offered = set(findings)
    rests_on = tuple(dict.fromkeys(number for number in picked if number in offered))
    said = words.neutral(said.strip())
    request = words.finish_request(findings=bool(offered))
    usable = "" if says_nothing(said, question, request=request) else said
    shown = [one for number in rests_on for one in observations if one.number == number]
    by: Author | None = "model"
    if not shown and not usable:
        shown = _best(observations)
        by = "loop" if shown else None
    numbers = tuple(one.number for one in shown)
    lacking = unsupported(usable, [f"{one.finding} {' '.join(one.evidence)}" for one in shown], question)
    missed = _overlooked(observations, shown)
    answer = words.answer(usable, shown, by=by, unsupported=lacking, overlooked=missed) if by else ""
    return Conclusion(answer, said, numbers, by, lacking, missed.number if missed else None)


def unsupported(said: str, findings: Sequence[str], question: str) -> tuple[str, ...]:
    """The numbers (rounded or not) and denials in words that stand in no finding, nor in the question.

    Without findings there is nothing to hold them to, and none are named.

    >>> unsupported("Layer 17 has a norm of 90, not 3.", ["layer 17 has a norm of 90.5"], "Which layer?")
    ('not', '3')
    """
    there = [*findings, question]
    known = [Decimal(number) for text in there for number in _NUMBER.findall(text)]
    denied = any(_denies(word) for text in findings for word in _WORD_OR_NUMBER.findall(text))
    lacking = [
        word
        for word in _WORD_OR_NUMBER.findall(said)
        if (_denies(word) and not denied)
        or (_NUMBER.fullmatch(word) and not any(_rounds_to(number, word) for number in known))
    ]
    return tuple(dict.fromkeys(lacking)) if findings else ()


def _denies(word: str) -> bool:
    return word.casefold() in NEGATIONS or word.casefold().endswith(("n't", "n’t"))


def _rounds_to(number: Decimal, written: str) -> bool:
    """Whether a number is the one written, or that with more digits behind the point."""
    digits = len(written.partition(".")[2])
    return abs(number - Decimal(written)) <= Decimal(1).scaleb(-digits) / 2


def says_nothing(said: str, question: str, *, request: str = "") -> bool:
    """Whether words are none, a loop or a row of numbers, or give back the question or a piece of the request for them.

    >>> says_nothing("the layer of the layer of the layer of the layer", "Which layer?")
    True
    >>> says_nothing("Layer 17 has a kurtosis of 187.2, and layer 16 one of 3.1.", "Which layer?")
    False
    """
    if len(_NUMBER.findall(said)) > _LEAST_LOOP and not any(map(str.isalpha, said)):
        return True
    words, asked, requested = (_WORD.findall(text.casefold()) for text in (said, question, request))
    shared = _shared(words, asked)
    echoes = 2 * shared >= len(asked) and _is_most(shared, words)
    copies = len(words) > 1 and _shared(words, requested) == len(words)
    return not words or _is_loop(words) or echoes or copies or _is_most(_shared(words, requested), words)


def _is_loop(words: Sequence[str]) -> bool:
    runs = list(zip(words, words[1:], words[2:], strict=False))
    return len(words) >= _LEAST_LOOP and 2 * len(set(runs)) <= len(runs)


def _shared(words: Sequence[str], others: Sequence[str]) -> int:
    """How many words in a row stand in both."""
    return SequenceMatcher(None, words, others, autojunk=False).find_longest_match().size


def _is_most(shared: int, words: Sequence[str]) -> bool:
    return shared >= _LEAST_ECHO and 5 * shared >= 4 * len(words)


def _read(reply: str) -> tuple[list[int], str]:
    """The numbers and the words of a reply: JSON as it was asked for, cut off too; of any other, all is words."""
    for closing in ("", '"}', "}"):
        try:
            value = json.loads(reply + closing, strict=False)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict) and isinstance(value.get("answer"), str):
            picked = value.get("rests_on")
            return [one for one in picked if type(one) is int] if isinstance(picked, list) else [], value["answer"]
    return [], reply


def _overlooked(observations: Sequence[Observation], shown: Sequence[Observation]) -> Observation | None:
    """The finding that is most of an alarm, unless what is shown is as much of one or says the same."""
    best = max(observations, key=lambda one: one.salience, default=None)
    if best is None or best.salience < ALARMING:
        return None
    said = any(one.salience >= best.salience or one.finding == best.finding for one in shown)
    return None if said else best


def _best(observations: Iterable[Observation]) -> list[Observation]:
    """The finding of the loop that stands out most; one of the model's, the newest, where it has none."""
    telling = [one for one in observations if one.salience > 0]
    ranked = sorted(telling, key=lambda one: (one.author == "loop", one.author == "loop" and one.salience, one.number))
    return ranked[-1:]
