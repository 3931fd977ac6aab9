"""A model as the summarizers' optional pass needs one: text in, text out."""

from collections.abc import Callable

from summarizers import NotWritten

from .ceiling import check_ceiling
from .errors import AgentError
from .messages import Choice, Message, Model

CEILING_TOKENS = 2_048  # of one generation, prompt and reply: a summary is not worth more


class ModelWriter:
    """Writes with a model that is loaded when something is first written: what is remembered needs none.

    `name` is part of the key that replies are remembered by, so it should name one model and no other. No generation
    has more than `ceiling_tokens`, counted by the model over its rendered chat template, reply included.
    """

    def __init__(self, name: str, load: Callable[[], Model], *, ceiling_tokens: int = CEILING_TOKENS) -> None:
        self.name = name
        self._load = load
        self._ceiling_tokens = ceiling_tokens
        self._model: Model | None = None

    def write(self, prompt_text: str, max_new_tokens: int) -> str:
        """The model's reply; raises NotWritten for whatever fails once it is loaded: no room, no memory, no server."""
        if self._model is None:
            self._model = self._load()
        try:
            prompt = self._model.prompt([Message(role="user", content=prompt_text)], ())
            check_ceiling(prompt, max_new_tokens=max_new_tokens, ceiling=self._ceiling_tokens, purpose="summary")
            reply = self._model.generate(prompt, max_new_tokens=max_new_tokens, choice=Choice(tools=(), text=True))
        except AgentError as error:
            raise NotWritten(str(error)) from error
        return reply.content
