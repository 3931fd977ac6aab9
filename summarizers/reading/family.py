"""Families of log messages: masked messages that drain3 finds to be one template, with the words that vary in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from .mask import MASK
from .tally import Group

_MOST_CLUSTERED = 1_500  # distinct masked messages given to drain3, the most frequent first
_DOMINANT = 0.9
_SIMILAR = 0.6  # share of equal words that makes two messages one template


@dataclass(slots=True)
class Family:
    """Messages of one template: `count` entries, the first at line `index`; `words` varied, by the word before them."""

    template: str
    count: int
    index: int
    example: str
    ranks: Counter[str] = field(default_factory=Counter)
    words: dict[str, Counter[str]] = field(default_factory=dict)

    @property
    def lead(self) -> str:
        """The first two words, or more where those are masked."""
        return " ".join(_opening(self.template, 2))

    def name(self, words: int = 5) -> str:
        """The template's opening words; whole when short."""
        tokens = self.template.split()
        return self.template if len(tokens) <= words + 1 else " ".join(_opening(self.template, words)) + " …"


def _opening(template: str, words: int) -> list[str]:
    taken: list[str] = []
    plain = 0
    for token in template.split():
        taken.append(token)
        plain += any(letter.isalpha() for letter in token.replace(MASK, ""))
        if plain == words:
            break
    return taken


def families(groups: Iterable[Group]) -> list[Family]:
    """Merge alike groups; most frequent first, then in order of appearance."""
    ordered = sorted(groups, key=lambda group: (-group.count, group.index))
    clusters: dict[object, list[Group]] = {}
    templates: dict[object, str] = {}
    for group, (key, template) in zip(ordered, _clustered(ordered), strict=True):
        clusters.setdefault(key, []).append(group)
        templates[key] = template
    found = [_family(part, templates[key]) for key, members in clusters.items() for part in _parted(members)]
    return sorted(found, key=lambda family: (-family.count, family.index))


def _clustered(ordered: list[Group]) -> list[tuple[object, str]]:
    from drain3.drain import Drain  # heavy: only where there are messages to cluster

    drain = Drain(depth=5, sim_th=_SIMILAR, max_children=60, max_clusters=2_000, param_str=MASK)
    keyed = []
    for group in ordered[:_MOST_CLUSTERED]:
        cluster, _ = drain.add_log_message(group.mask[:400] or "(empty)")
        keyed.append(cluster)
    clustered: list[tuple[object, str]] = [(one.cluster_id, one.get_template()) for one in keyed]
    return clustered + [(group.mask, group.mask) for group in ordered[_MOST_CLUSTERED:]]


def _parted(members: list[Group]) -> list[list[Group]]:
    """Set a message apart that is nearly all of its cluster: what varies in the cluster does not vary in it."""
    total = sum(group.count for group in members)
    if len(members) > 1 and members[0].count >= _DOMINANT * total:
        return [members[:1], members[1:]]
    return [members]


def _family(members: list[Group], template: str) -> Family:
    first = min(members, key=lambda group: group.index)
    template = members[0].mask if len(members) == 1 else template
    family = Family(template, sum(group.count for group in members), first.index, first.message)
    for group in members:
        family.ranks[group.rank] += group.count
    if len(members) > 1:
        _vary(family, members)
    return family


def _vary(family: Family, members: list[Group]) -> None:
    tokens = family.template.split()
    for group in members:
        for position, (token, word) in enumerate(zip(tokens, group.mask.split(), strict=False)):
            if token == MASK and MASK not in word:
                label = _before(tokens, position)
                family.words.setdefault(label, Counter())[word] += group.count


def _before(tokens: list[str], position: int) -> str:
    return next((token.strip("=:[(") for token in reversed(tokens[:position]) if MASK not in token), "")
