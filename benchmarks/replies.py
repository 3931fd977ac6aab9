"""What models replied, kept in a file by what led to it: a figure that a model has part in can be had again without it.

A line is {"model", "key", "reply"}; the key is a hash of the model's name, the prompt and the most new tokens. A reply
that is missing is asked for where the model can be loaded; where it cannot, the row is left out, never guessed.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from agent import Model, ModelWriter
from agent.models import load_model

BUNDLED = "SmolLM2-135M-Instruct"


class RepliesMissing(Exception):
    """A reply is not in the file, and its model is not here; the message is the remedy."""

    def __init__(self, model: str) -> None:
        super().__init__(f"replies of {model} are missing: --model {model}=FOLDER_OR_GGUF writes them")


@dataclass(frozen=True, slots=True)
class Source:
    """A model by the name that its replies are kept under, and where it is loaded from: None says nowhere.

    >>> Source.named("qwen=/models/qwen.gguf")
    Source(name='qwen', place='/models/qwen.gguf')
    """

    name: str
    place: str | None

    @classmethod
    def named(cls, text: str) -> "Source":
        """From NAME=PLACE, a place alone, or "bundled"."""
        name, _, place = text.rpartition("=")
        return (
            cls(BUNDLED, "bundled") if text == "bundled" else cls(name or Path(place).name.removesuffix(".gguf"), place)
        )

    def load(self) -> Model:
        """The model; raises RepliesMissing where it is nowhere."""
        if self.place is None:
            raise RepliesMissing(self.name)
        return load_model(None if self.place == "bundled" else self.place)

    def writer(self) -> ModelWriter:
        """The model as a writer, loaded once it is asked."""
        return ModelWriter(self.name, self.load)


class Replies:
    """The file: a `Memory` of one model for the summarizers' pass, and the way to ask one what is not in it."""

    def __init__(self, file: Path, model: str) -> None:
        self._file = file
        self._model = model
        self.used: set[str] = set()
        self._known = {str(line["key"]): str(line["reply"]) for line in _lines(file) if line["model"] == model}

    def recalled(self, key: str) -> str | None:
        """The reply kept under a key, or None."""
        self.used.add(key)
        return self._known.get(key)

    def remember(self, key: str, text: str) -> None:
        """Keep a reply at once, so that a run that is stopped loses none."""
        self._known[key] = text
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"model": self._model, "key": key, "reply": text}, ensure_ascii=False) + "\n")

    def ask(self, write: Callable[[str, int], str], purpose: str, prompt: str, max_new_tokens: int) -> str:
        """The reply to a prompt, from the file or else written now. Raises NotWritten, and then keeps nothing."""
        told = "\0".join((purpose, self._model, str(max_new_tokens), prompt))
        key = hashlib.blake2b(told.encode("utf-8", "surrogatepass"), digest_size=20).hexdigest()
        if (known := self.recalled(key)) is not None:
            return known
        reply = write(prompt, max_new_tokens)
        self.remember(key, reply)
        return reply


def sources(named: Sequence[str], file: Path) -> list[Source]:
    """The models asked for, then those that the file has replies of and nobody named."""
    chosen = [Source.named(text) for text in named]
    kept = dict.fromkeys(str(line["model"]) for line in _lines(file))
    there = {source.name for source in chosen}
    return chosen + [Source(name, "bundled" if name == BUNDLED else None) for name in kept if name not in there]


def tidy(file: Path, used: set[str]) -> None:
    """Leave in the file what was used, in order of model and key: what nobody asks any more goes."""
    lines = sorted(
        (str(one["model"]), str(one["key"]), str(one["reply"])) for one in _lines(file) if one["key"] in used
    )
    text = "".join(
        json.dumps({"model": model, "key": key, "reply": reply}, ensure_ascii=False) + "\n"
        for model, key, reply in dict.fromkeys(lines)
    )
    file.write_text(text, encoding="utf-8")


def _lines(file: Path) -> Iterator[dict[str, object]]:
    if file.exists():
        for line in file.read_text(encoding="utf-8").split("\n"):
            if line:
                yield json.loads(line)
