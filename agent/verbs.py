"""The five tools every model gets: to look into results, and to keep what was found."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from pager import UnknownAddress
from summarizers import Looking

from .excerpt import Excerpt, best_facts
from .exchange import Answer
from .messages import ToolSpec
from .notebook import Notebook
from .tools import Tool, Toolbox, tool
from .words import Words

VERBS = ("open", "find", "query", "record_observation", "query_memory")
LEAST_WORDS = 3  # of a finding: fewer name a thing and state nothing of it


@dataclass(frozen=True, slots=True)
class Finding:
    """What `record_observation` was given; the loop writes it down.

    `copied` says that code put it into words, `salience` how much then stands out what it says.
    """

    finding: str
    evidence: tuple[str, ...]
    unknown: tuple[str, ...]
    near: tuple[str, ...]
    step: int | None = None
    copied: bool = False
    salience: float = 1.0


@dataclass(frozen=True, slots=True)
class Verbs:
    """The verbs, each answering in at most as many tokens as `looking` allows.

    `remarks` are what the loop itself said in place of results: a finding that only says it back states nothing.
    """

    looking: Looking
    words: Words
    notebook: Notebook
    remarks: Sequence[str] = ()

    def record_observation(self, finding: str, evidence: str = "", step: int | None = None) -> Finding:
        """Save one finding: a value and its place.

        Args:
            evidence: addresses such as r1 or r3/layers[17]
            step: the plan's step it settles
        """
        said = finding.strip().casefold()
        stated = len(said.split()) >= LEAST_WORDS and not any(said in remark.casefold() for remark in self.remarks)
        known: list[str] = []
        unknown: list[str] = []
        near: list[str] = []
        for address in _addresses(evidence if stated else f"{finding} {evidence}"):
            try:
                known.append(self.looking.pager.node(address).address)
            except UnknownAddress as error:
                unknown.append(address)
                near.extend(error.nearest)
        found = Finding(finding.strip(), tuple(known), tuple(unknown), tuple(dict.fromkeys(near)), step)
        if stated:
            return found
        best = self._written_out(found.finding, known)
        return replace(found, finding=best.finding, copied=True, salience=best.salience)

    def _written_out(self, name: str, known: list[str]) -> Excerpt:
        """What stands at the first known address, for a finding that only points there or names a thing."""
        if not name or not known:
            raise ValueError(f"{name[:40]!r} states nothing of a result; say what was found, its value and its place")
        return best_facts(self.looking.pager, known[0], question=self.looking.question or "", words=self.words)

    def query_memory(self, query: str) -> Answer:
        """Search saved findings by words."""
        limit = min(self.looking.page_tokens, self.looking.allowance)
        return Answer(self.words.recalled(self.notebook.recall(query), limit_tokens=limit), "note")

    def toolbox(self) -> Toolbox:
        """The verbs as tools."""
        steps = len(self.words.plan)
        return Toolbox(_verb(getattr(self if hasattr(self, name) else self.looking, name), steps) for name in VERBS)


def _addresses(evidence: str) -> list[str]:
    """The addresses in it, each once; where nothing in it looks like one, the whole of it."""
    words = list(dict.fromkeys(filter(None, (word.strip("().:'\"`") for word in re.split(r"[,;\s]+", evidence)))))
    alike = [word for word in words if re.match(r"r\d", word)]
    return alike or ([" ".join(words)] if words else [])


def verb_specs(*, steps: int = 0) -> tuple[ToolSpec, ...]:
    """The five schemas; `steps` is the length of the plan, without which nothing speaks of steps."""
    verbs = (getattr(Verbs if hasattr(Verbs, name) else Looking, name) for name in VERBS)
    return tuple(_verb(verb, steps).spec for verb in verbs)


def _verb(function: Callable[..., object], steps: int) -> Tool:
    made = tool(function)
    return made.bounded(step={"minimum": 1, "maximum": steps}) if steps else made.without("step")
