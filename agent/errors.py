"""Every error of the agent; each says what happened, the numbers, and what to do.

AgentError
├── BadTool            a tool's definition cannot be offered to a model
├── UnknownTool        a call names a tool there is not
├── BadArguments       a call's arguments do not fit its schema
├── BadSettings        a setting is out of its range
├── CeilingTooLow      the task cannot fit the ceiling even with every result at its shortest
├── CeilingExceeded    a prompt would have gone over the ceiling; nothing was generated
└── RunFailed          a run's folder cannot be started or resumed
"""


class AgentError(Exception):
    """What every error of this package is."""


class BadTool(AgentError):
    """A tool's definition cannot be offered to a model."""


class UnknownTool(AgentError):
    """A call names a tool there is not."""


class BadArguments(AgentError):
    """A call's arguments do not fit its schema."""


class BadSettings(AgentError):
    """A setting is out of its range."""


class CeilingTooLow(AgentError):
    """The task cannot fit the ceiling even with every result at its shortest."""

    def __init__(self, message: str, *, ceiling: int, needed: int, parts: dict[str, int]) -> None:
        super().__init__(message)
        self.ceiling = ceiling
        self.needed = needed
        self.parts = parts


class CeilingExceeded(AgentError):
    """A prompt would have gone over the ceiling; nothing was generated."""

    def __init__(self, *, input_tokens: int, max_new_tokens: int, ceiling: int, purpose: str) -> None:
        super().__init__(
            f"the {purpose} prompt has {input_tokens} tokens and reserves {max_new_tokens}: "
            f"{input_tokens + max_new_tokens} in all, over the ceiling of {ceiling}. Nothing was generated. "
            "This is a fault of the loop: please report it with the run's events.jsonl; --resume with a higher --ceiling goes on."
        )
        self.input_tokens = input_tokens
        self.max_new_tokens = max_new_tokens
        self.ceiling = ceiling
        self.purpose = purpose


class RunFailed(AgentError):
    """A run's folder cannot be started or resumed."""
