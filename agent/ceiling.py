"""The hard ceiling: the check before every generation, and how the tokens under it are shared out."""

from collections.abc import Mapping
from dataclasses import dataclass

from .errors import CeilingExceeded, CeilingTooLow
from .messages import Prompt
from .settings import Settings

LEAST_ROOM = 200  # one call, a forty-token card, and a notice of what was shortened
_LOWERED_TO = 0.7
NOTICE_TOKENS = 80  # what templates/notice.j2 and correction.j2 stay within


def check_ceiling(prompt: Prompt, *, max_new_tokens: int, ceiling: int, purpose: str) -> None:
    """Raise `CeilingExceeded` unless the prompt's tokens and the reserve together are at most `ceiling`."""
    if len(prompt.tokens) + max_new_tokens > ceiling:
        raise CeilingExceeded(
            input_tokens=len(prompt.tokens), max_new_tokens=max_new_tokens, ceiling=ceiling, purpose=purpose
        )


@dataclass(frozen=True, slots=True)
class Budget:
    """How one ceiling is shared out, in tokens; the same for a whole run, so that page numbers mean one thing."""

    ceiling: int
    reserve: int
    fixed: int
    notebook: int
    index: int
    page: int
    card: int
    summary: int

    @property
    def room(self) -> int:
        """What calls, results and notices share."""
        return self.ceiling - self.reserve - self.fixed

    @property
    def landing(self) -> int:
        """What must be free before a turn, so that its call and its result have a place."""
        return min(self.room // 3, self.card + self.reserve)


def notebook_bound(settings: Settings) -> int:
    """The most tokens of findings that stand in the prompt."""
    if settings.notebook_tokens is not None:
        return settings.notebook_tokens
    return min(400, settings.ceiling // 16)


def index_bound(settings: Settings) -> int:
    """The most tokens of the list of results that left the messages."""
    return min(200, settings.ceiling // 24)


def lowered_ceiling(settings: Settings, parts: Mapping[str, int], *, used: int, fits: int | None = None) -> int | None:
    """Return the ceiling to go on with after `used` tokens did not fit; None where less does not do.

    `fits`: what would have, by the memory plan or the model's known context. Without it, seven tenths of what failed:
    of an attention that grows with the square it takes half the memory.
    """
    least = sum(_every(settings, parts).values())
    wanted = int(_LOWERED_TO * used) if fits is None else min(fits, used - 1)
    return lowered if (lowered := max(least, wanted)) < used else None


def share_out(settings: Settings, parts: Mapping[str, int], *, page_tokens: int | None = None) -> Budget:
    """Return the budget for the measured `parts` (system, tool schemas, question); or raise `CeilingTooLow`.

    `page_tokens` is the page size that a resumed run began with: its page numbers must go on meaning the same.
    """
    bounds = _bounds(settings)
    fixed = sum(parts.values()) + sum(bounds.values())
    every = _every(settings, parts)
    needed = sum(every.values())
    if needed > settings.ceiling:
        raise CeilingTooLow(_too_low(settings, every, needed), ceiling=settings.ceiling, needed=needed, parts=every)
    room = settings.ceiling - settings.max_new_tokens - fixed
    return Budget(
        ceiling=settings.ceiling,
        reserve=settings.max_new_tokens,
        fixed=fixed,
        notebook=bounds["notebook"],
        index=bounds["index of results"],
        page=page_tokens or min(settings.page_tokens, room // 4),
        card=max(40, min(settings.card_tokens, room // 4)),
        summary=max(40, min(settings.summary_tokens, room // 6)),
    )


def _every(settings: Settings, parts: Mapping[str, int]) -> dict[str, int]:
    return {**parts, **_bounds(settings), "reserve": settings.max_new_tokens, "room for one result": LEAST_ROOM}


def _bounds(settings: Settings) -> dict[str, int]:
    return {"notebook": notebook_bound(settings), "index of results": index_bound(settings)}


def _too_low(settings: Settings, every: Mapping[str, int], needed: int) -> str:
    listed = ", ".join(f"{name} {tokens:,}" for name, tokens in every.items())
    largest = max((name for name in every if name != "room for one result"), key=lambda name: every[name])
    remedy = {
        "tool schemas": "offer fewer tools",
        "question": "shorten the question",
        "reserve": "lower max_new_tokens",
        "notebook": "lower notebook_tokens",
    }.get(largest, "shorten the system template")
    return (
        f"a ceiling of {settings.ceiling:,} tokens is too low: {listed} make {needed:,} before anything is found. "
        f"Raise the ceiling to at least {needed:,}, or {remedy}."
    )
