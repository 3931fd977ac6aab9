"""One statement computed from a result, with the address where it is found."""

from dataclasses import dataclass

_ASKED = 3.0  # what a fact that answers a focus wholly gains in salience where facts are listed


@dataclass(frozen=True, slots=True)
class Fact:
    """One statement about a node.

    `text` is the statement without its address, on one line; identifiers in it are whole, counts and extremes exact.
    `address` is the node it was computed from. `salience` orders facts of one result: 1.0 is what every reader wants
    (shape, main measure), 2.0 an alarm (error, strong outlier), 0.3 a detail.
    `topic` is what diversity counts: shape, schema, error, outlier, extreme, top, range, missing, duplicate, time,
    trend, template, heading, focus, ...  `group` holds the first words of `text` that facts of one line share ("mag"
    in "mag max 6.4" and "mag median 1.2"): the packer says them once. A fact of topic "shape" heads the lines of all
    facts at or below its address. `relevance`: how much of a focus it answers, 0 (nothing) to
    1 (as much as a short question holds) and more.
    """

    text: str
    address: str
    salience: float
    topic: str
    group: str = ""
    relevance: float = 0.0

    @property
    def standing(self) -> float:
        """Its salience, raised by what a focus asks for: the order in which facts are listed."""
        return self.salience + _ASKED * min(1.0, self.relevance)
