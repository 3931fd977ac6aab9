"""Pages, matches and rows in the frames that an agent reads them in."""

import json
from collections.abc import Mapping

from pager import Matches, Page, Rows, TokenCounter, without_page

from .templating import Templates

_CHARACTERS_PER_TOKEN = 40  # of a clipped text at most: more is not counted


def page_text(page: Page, templates: Templates) -> str:
    """One page in its frame."""
    return templates.render(
        "page",
        address=without_page(page.address),
        page=page.page,
        pages=page.pages,
        kind=page.kind,
        text=page.text,
        next=page.next,
    )


def matches_text(address: str, pattern: str, found: Matches, templates: Templates, counter: TokenCounter) -> str:
    """What a search found, or what was searched and what is near."""
    return templates.render(
        "matches",
        address=address,
        pattern=clipped(pattern, 20, counter),
        text=found.text,
        shown=len(found.matches),
        total=found.total,
        searched=clipped(str(found.searched), 30, counter),
        near=[clipped(str(one), 20, counter) for one in list(found.near)[:3]],
        ranked=bool(found.ranked),
    )


def rows_text(address: str, found: Rows, templates: Templates) -> str:
    """The rows a query selected."""
    return templates.render("rows", address=address, text=found.text, shown=len(found.rows), total=found.total)


def call_text(
    tool: str, arguments: Mapping[str, object], *, limit_tokens: int, templates: Templates, counter: TokenCounter
) -> str:
    """A call as a person would write it, clipped."""
    written = [f"{name}={json.dumps(value, ensure_ascii=False, default=str)}" for name, value in arguments.items()]
    return clipped(templates.render("called", tool=tool, arguments=written), limit_tokens, counter)


def clipped(text: str, limit_tokens: int, counter: TokenCounter) -> str:
    """The text on one line, and its beginning with "…" where it is longer than the limit."""
    whole = " ".join(text.split())
    text = whole[: limit_tokens * _CHARACTERS_PER_TOKEN]
    is_cut = len(text) < len(whole)
    if not is_cut and counter.count(text) <= limit_tokens:
        return text
    fits, over = 0, len(text) + is_cut
    while over - fits > 1:
        middle = (fits + over) // 2
        within = counter.count(text[:middle] + "…") <= limit_tokens
        fits, over = (middle, over) if within else (fits, middle)
    return text[:fits] + "…"
