"""A model as the summarizers' optional pass needs one: text in, text out."""

from collections.abc import Callable

from summarizers import NotWritten

from .chat import Choice, Message, Model
from .errors import ContextExceeded, OutOfMemory


class ModelWriter:
    """Writes with a model that is loaded when something is first written: what is remembered needs none.

    `name` is part of the key that replies are remembered by, so it should name one model and no other.
    """

    def __init__(self, name: str, load: Callable[[], Model]) -> None:
        self.name = name
        self._load = load
        self._model: Model | None = None

    def write(self, prompt_text: str, max_new_tokens: int) -> str:
        """The model's reply; raises NotWritten where prompt and reply exceed its context, or memory ran out."""
        if self._model is None:
            self._model = self._load()
        prompt = self._model.prompt([Message(role="user", content=prompt_text)], ())
        try:
            reply = self._model.generate(prompt, max_new_tokens=max_new_tokens, choice=Choice(tools=(), text=True))
        except (ContextExceeded, OutOfMemory) as error:
            raise NotWritten(str(error)) from error
        return reply.content
