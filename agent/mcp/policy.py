"""Which tool's results become cards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from ..errors import BadInput

LIMIT_TOKENS = 1_000
ALWAYS, NEVER = "always", "never"


@dataclass(frozen=True, slots=True)
class Policy:
    """A limit in tokens for every tool, None: 1,000; `tools` says otherwise by name or pattern, the first that fits.

    What it says there is "always", "never" or a limit of its own.
    """

    limit_tokens: int | None = None
    tools: Mapping[str, str | int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        limits = {} if self.limit_tokens is None else {"limitTokens": self.limit_tokens}
        for name, rule in {**self.tools, **limits}.items():
            counts = isinstance(rule, int) and not isinstance(rule, bool) and rule >= 1
            if not counts and (name == "limitTokens" or rule not in (ALWAYS, NEVER)):
                raise BadInput(f"the policy of {name} is {rule!r}; give always, never, or a limit of at least 1 token")

    def limit(self, tool: str) -> int | None:
        """The most tokens of this tool's result that pass as they are; None where every result passes."""
        general = LIMIT_TOKENS if self.limit_tokens is None else self.limit_tokens
        rule = next((rule for pattern, rule in self.tools.items() if fnmatchcase(tool, pattern)), general)
        if rule == NEVER:
            return None
        return 0 if rule == ALWAYS else int(rule)

    def before(self, other: Policy) -> Policy:
        """This policy, and the other where this one says nothing."""
        limit = other.limit_tokens if self.limit_tokens is None else self.limit_tokens
        rest = {name: rule for name, rule in other.tools.items() if name not in self.tools}
        return Policy(limit, {**self.tools, **rest})
