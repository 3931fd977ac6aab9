"""A copy of a model folder with one seeded fault in it, and an honest check of whether a text names the fault."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .bench import Bench
from .edits import EDITS
from .errors import NoPlant
from .subject import Subject

# What the demonstration plants: faults that the weights themselves show.
FIRST_KINDS = ("zeroed_query_head", "scaled_down_proj", "one_nan", "dead_neurons", "zeroed_rows")
KINDS = tuple(EDITS)
_PASSAGE = 200
_NOTHING = (
    r"\b(?:nothing|no (?:\w+ ){0,2}(?:anomal\w*|faults?|damage|problems?|changes?)"
    r"|unmodified|unchanged|clean|healthy)\b"
)


@dataclass(frozen=True, slots=True)
class Plant:
    """One planted fault: its kind, its place, a sentence on it, and what a text must name to have found it.

    `checker` holds regular expressions; a text names the plant when all of them match within one passage of about 400
    characters. Numbers count as whole tokens only: layer 1 is not named by "layer 17".
    """

    kind: str
    layer: int | None
    module: str
    description: str
    checker: tuple[str, ...]

    def named_by(self, text: str) -> bool:
        """Whether the text names layer, module and, where the fault has one, head, row or value, in one passage."""
        first, rest = self.checker[0], self.checker[1:]
        return any(
            all(
                re.search(pattern, text[max(0, found.start() - _PASSAGE) : found.end() + _PASSAGE], re.I)
                for pattern in rest
            )
            for found in re.finditer(first, text, re.I)
        )


def plant(
    source_folder: str | Path,
    target_folder: str | Path,
    seed: int,
    *,
    kind: str | None = None,
    kinds: Sequence[str] = FIRST_KINDS,
    strength: float = 1.0,
) -> Plant:
    """Copy a model folder with one fault, chosen and placed by `seed` (or of the `kind` asked for), and describe it.

    `strength` weakens (below 1) or strengthens faults that are a matter of degree. Unchanged files are hard links where
    the file system has them; changed ones are written anew. Raises `NoPlant` where the target holds something already
    or the network has no such part.
    """
    subject, target = Subject(source_folder), Path(target_folder)
    if target.exists() and any(target.iterdir()):
        raise NoPlant(f"{target} is not empty; give a new folder to plant in")
    bench = Bench(subject, seed, strength=strength)
    kind = kind or bench.random.choice(list(kinds))
    if kind not in EDITS:
        raise NoPlant(f"there is no plant {kind!r}; the plants are: {', '.join(EDITS)}")
    place = EDITS[kind](bench)
    bench.write(target)
    return Plant(kind, place.layer, place.module, place.description, place.checker or (_NOTHING,))
