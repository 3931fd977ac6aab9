"""What the findings rest on: the text at every address they name, as the store has it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pager import Page, Pager, PagerError, root_of

from ..events import Event
from ..notebook import Observation

SHOWN_TOKENS = 700


@dataclass(frozen=True, slots=True)
class Evidence:
    """The text at one address: its page, or what the run showed of it where the store has nothing to show."""

    address: str
    text: str
    more: str = ""

    @property
    def anchor(self) -> str:
        """Its name within the report, made of letters and digits."""
        return anchor_of(self.address)


def anchor_of(address: str) -> str:
    """A name for an address that can stand in a link, different for different addresses.

    >>> anchor_of("r1[7]/mlp")
    'at-r1-5b7-5d-2fmlp'
    """
    return "at-" + "".join(one if one.isascii() and one.isalnum() else f"-{ord(one):x}" for one in address)


def gathered(pager: Pager, observations: Iterable[Observation], events: Iterable[Event]) -> list[Evidence]:
    """One evidence for each address, in the order in which the findings name them."""
    shown = {str(event["address"]): str(event["content"]) for event in events if event["event"] == "result"}
    addresses = dict.fromkeys(address for one in observations for address in one.evidence)
    return [_evidence(pager, address, shown) for address in addresses]


def _evidence(pager: Pager, address: str, shown: dict[str, str]) -> Evidence:
    try:
        page = pager.open(address, limit_tokens=SHOWN_TOKENS)
    except PagerError as error:
        text = next((shown[one] for one in (address, root_of(address)) if one in shown), "")
        return Evidence(address, text or str(error), "as the run showed it" if text else "")
    return Evidence(address, page.text, "".join(_more(page)))


def _more(page: Page) -> Iterator[str]:
    if page.pages > 1:
        yield f"page {page.page} of {page.pages}"
