"""Every error of the agent; each says what happened, the numbers, and what to do.

AgentError
├── BadInput           what the command was given cannot be used
├── BadTool            a tool's definition cannot be offered to a model
├── UnknownTool        a call names a tool there is not
├── BadArguments       a call's arguments do not fit its schema
├── BadSettings        a setting is out of its range
├── CeilingTooLow      the task cannot fit the ceiling even with every result at its shortest
├── CeilingExceeded    a prompt would have gone over the ceiling; nothing was generated
├── RunFailed          a run's folder cannot be started or resumed
├── MissingExtra       what a local model needs is not installed
├── BadModel           a folder or hub id holds no usable chat model
│   └── ModelTooLarge  its weights do not fit the memory there is
├── NoBundledModel     the bundled model cannot be fetched or converted
├── ContextExceeded    prompt and reply would not fit the model's own context
├── ServerFailed       a model server cannot be reached, or refuses
├── CountUnknown       nobody can say how many tokens a prompt has
├── OutOfMemory        a generation ran out of memory; what it held has been freed
└── ScriptEnded        a scripted model was asked for more replies than it has
"""


class AgentError(Exception):
    """What every error of this package is."""


class BadInput(AgentError):
    """What the command was given cannot be used."""


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
            "This is a fault of the loop: please report it with the run's events.jsonl; "
            "--resume with a higher --ceiling goes on."
        )
        self.input_tokens = input_tokens
        self.max_new_tokens = max_new_tokens
        self.ceiling = ceiling
        self.purpose = purpose


class RunFailed(AgentError):
    """A run's folder cannot be started or resumed."""


class MissingExtra(AgentError):
    """What a local model needs is not installed."""


class BadModel(AgentError):
    """A folder or hub id holds no usable chat model."""


class ModelTooLarge(BadModel):
    """A model's weights do not fit the memory there is; nothing of it stays loaded."""

    def __init__(self, *, name: str, weights_bytes: int, free_bytes: int, limit: str, dtype: str) -> None:
        smaller = ", load it in half the bytes with --dtype bfloat16" if dtype == "float32" else ""
        takes, free = f"{weights_bytes / 2**30:.2f} GiB", f"{free_bytes / 2**30:.2f} GiB"
        super().__init__(
            f"no room to load {name}: its weights take {takes} in {dtype}, loading a little more, and {free} are "
            f"free (by {limit}). Free memory{smaller}, or choose a smaller --model: toolpager plan --model … tells "
            "what fits."
        )
        self.weights_bytes = weights_bytes
        self.free_bytes = free_bytes


class NoBundledModel(AgentError):
    """The bundled model cannot be fetched or converted."""


class ContextExceeded(AgentError):
    """Prompt and reply would not fit the model's own context; nothing was generated.

    `context_tokens` is None where a server refused and did not name it; `said` is how it worded that.
    """

    def __init__(
        self, *, input_tokens: int, max_new_tokens: int, context_tokens: int | None, said: str | None = None
    ) -> None:
        context = "the model's context" if context_tokens is None else f"the model's context of {context_tokens} tokens"
        lower = "it" if context_tokens is None else f"it to {context_tokens} or less"
        super().__init__(
            f"{input_tokens} prompt tokens and {max_new_tokens} new ones exceed {context}"
            f"{f' (the server said: {said})' if said else ''}: --ceiling is too high; lower {lower}."
        )
        self.input_tokens = input_tokens
        self.max_new_tokens = max_new_tokens
        self.context_tokens = context_tokens
        used = input_tokens + max_new_tokens
        self.fits_tokens = context_tokens if context_tokens is not None and context_tokens < used else None
        self.requested_bytes: int | None = None  # memory had no part in it
        self.free_bytes: int | None = None


class ServerFailed(AgentError):
    """A model server cannot be reached, or refuses; `status` is the HTTP status, where there was one."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class CountUnknown(AgentError):
    """Nobody can say how many tokens a prompt has, so nothing is generated."""


class OutOfMemory(AgentError):
    """A generation ran out of memory; its tensors and the model's KV cache have been freed.

    `requested_bytes` is what the failing allocation asked for, None when the allocator did not say; where it was
    refused before it was tried, what it was predicted to take beside the weights, with the `free_bytes` there were and
    the `fits_tokens` that would have fitted them.
    """

    def __init__(
        self,
        *,
        input_tokens: int,
        max_new_tokens: int,
        requested_bytes: int | None,
        free_bytes: int | None = None,
        fits_tokens: int | None = None,
    ) -> None:
        asked = "an allocation" if requested_bytes is None else f"an allocation of {requested_bytes / 2**20:,.0f} MiB"
        size = f"a generation of {input_tokens} prompt and up to {max_new_tokens} new tokens"
        happened = f"{asked} failed in {size}. It was freed, and"
        if free_bytes is not None and requested_bytes is not None:
            needs = f"{requested_bytes / 2**20:,.0f} MiB"
            happened = f"{size} would take {needs} of {free_bytes / 2**20:,.0f} free. It was not tried, and"
        super().__init__(
            f"out of memory: {happened} nothing of a run is lost: --resume it where more memory is free, or start one "
            "with a lower --ceiling."
        )
        self.free_bytes = free_bytes
        self.fits_tokens = fits_tokens
        self.input_tokens = input_tokens
        self.max_new_tokens = max_new_tokens
        self.requested_bytes = requested_bytes


class ScriptEnded(AgentError):
    """A scripted model was asked for more replies than it has."""


def first_line(error: BaseException) -> str:
    """What an error says first, or what it is."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".:")
