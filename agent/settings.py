"""What a user may set about an investigation, checked when it is made."""

from dataclasses import dataclass, fields
from typing import Literal

from .errors import BadSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How an investigation spends its tokens; all counts are of the serving model's own tokenizer.

    The *room* is what the ceiling leaves for calls and results: ceiling − max_new_tokens − system prompt, tool
    schemas, question and notebook. Watermarks are fractions of it, and pages, cards and summaries shrink with it,
    so that the same settings serve a ceiling of 2,048 and one of 10,000.
    """

    ceiling: int = 8_000
    """The most tokens one generation may use: prompt and reserve together."""
    max_turns: int = 25
    """Turns before the model is asked for its answer."""
    max_new_tokens: int = 256
    """What is reserved for, and the most that comes of, one generation."""
    keep_recent: int | None = None
    """How many of the newest calls stay as they are; None: as many as costs least (agent/schedule.py) …"""
    keep_recent_tokens: int | None = None
    """… as long as they have no more tokens than this; None: half of the room. The newest always stays."""
    high_water: float | None = None
    """The filled fraction of the room at which the oldest results are shortened; None: when it costs least."""
    low_water: float | None = None
    """The filled fraction a batch shortens down to; None: to what costs least."""
    min_shrink: float = 0.1
    """A batch that would free less than this fraction of the room is not worth a changed prefix; it does not happen."""
    notebook_tokens: int | None = None
    """The most tokens of findings in the prompt; None: a sixteenth of the ceiling, at most 400."""
    page_tokens: int = 1_000
    """The most tokens of one page; never more than a quarter of the room."""
    card_tokens: int = 260
    """The most tokens of a new result's card; never more than a quarter of the room."""
    summary_tokens: int = 150
    """The most tokens of an aged result's summary; never more than a sixth of the room."""
    pin_turns: int = 4
    """How many turns an aged result stays open once it was opened again."""
    answer_after: int = 1
    """How many findings the model must have recorded before it may answer; 0: once it has looked at anything.

    At max_turns it is asked anyway."""
    narrow_after: int = 2
    """After this many repeats of one tool in a row (of failures, two at least) it is not offered for a turn.

    1 suits small models, which ask for the same again and again; the command uses it."""
    max_slips: int = 3
    """After this many unusable replies in a row the model is asked for its answer."""
    summarizer: Literal["heuristic", "model"] = "heuristic"
    """Who has a say in the summaries of aged results: heuristics alone, or the model too, once at a compaction."""
    seed: int = 0
    """What sampling starts from; generation n uses seed + n."""

    def __post_init__(self) -> None:
        for one in fields(self):
            self._check_count(one.name)
        low = 0.0 if self.low_water is None else self.low_water
        high = 1.0 if self.high_water is None else self.high_water
        if not 0 <= low < high <= 1 or self.low_water == 0:
            raise BadSettings(
                f"low_water={self.low_water} and high_water={self.high_water} must be fractions with "
                "0 < low_water < high_water <= 1; without them a cost model decides"
            )
        if self.summarizer not in ("heuristic", "model"):
            raise BadSettings(f"summarizer={self.summarizer} is neither heuristic nor model; the default is heuristic")
        if not 0 <= self.min_shrink < 1:
            raise BadSettings(f"min_shrink={self.min_shrink} must be a fraction from 0 to below 1; the default is 0.1")
        if self.max_new_tokens >= self.ceiling:
            raise BadSettings(
                f"max_new_tokens={self.max_new_tokens} leaves nothing of the ceiling of {self.ceiling} for a prompt; "
                "raise the ceiling or lower max_new_tokens"
            )

    def _check_count(self, name: str) -> None:
        value = getattr(self, name)
        if isinstance(value, float | str) or value is None:
            return
        lowest = 0 if name in ("seed", "keep_recent", "answer_after", "pin_turns") else 1
        if value < lowest:
            raise BadSettings(f"{name}={value} is too small; give {name} of at least {lowest}")
