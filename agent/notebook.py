"""What was found so far: findings with author, turn and evidence, searched by full text."""

import json
import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from .errors import RunFailed

Author = Literal["model", "loop"]

_SCHEMA = """
CREATE VIRTUAL TABLE IF NOT EXISTS findings USING fts5(
    finding, evidence, number UNINDEXED, turn UNINDEXED, author UNINDEXED, salience UNINDEXED
)
"""
_COLUMNS = "number, turn, author, finding, evidence, salience"


@dataclass(frozen=True, slots=True)
class Observation:
    """One finding; `evidence` are the addresses it rests on, `author` says whether the model or the loop wrote it.

    `step` is the step of the plan that it settles, where there is a plan.
    """

    number: int
    turn: int
    author: Author
    finding: str
    evidence: tuple[str, ...] = ()
    salience: float = 1.0
    step: int | None = None


@dataclass(frozen=True, slots=True)
class Recalled:
    """What a search of the notebook found; `near` says that no finding held all words and these hold some."""

    observations: tuple[Observation, ...]
    total: int
    near: bool


class Notebook:
    """An SQLite full-text index over the findings of a run; the run's events are the truth it is filled from.

    It is locked while it is open, also against other processes: one run is one process's. Raises `RunFailed` where
    another has it, and where it cannot be written.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        with _said_of(path):
            self._database = sqlite3.connect(":memory:" if path is None else path, timeout=0)
            self._database.execute("PRAGMA locking_mode=EXCLUSIVE")
            self._database.execute("PRAGMA synchronous=OFF")  # the events are what must outlive a power cut
            self._database.execute("BEGIN EXCLUSIVE")
            self._database.execute(_SCHEMA)
            self._database.commit()

    def sync(self, observations: Iterable[Observation]) -> None:
        """Hold exactly these findings, as after a run was resumed."""
        with _said_of(self._path), self._database:
            self._database.execute("DELETE FROM findings")
            for one in observations:
                self._insert(one)

    def add(self, observation: Observation) -> None:
        """Hold one more finding."""
        with _said_of(self._path), self._database:
            self._insert(observation)

    def recall(self, query: str, *, limit: int = 10) -> Recalled:
        """The findings that hold all words of `query`, best first; else those that hold any; else the newest."""
        words = re.findall(r"\w+", query)
        for joint, near in ((" AND ", False), (" OR ", True)):
            found = self._matching(joint.join(f'"{word}"' for word in words), limit) if words else []
            if found:
                return Recalled(tuple(found), len(self), near)
        rows = self._database.execute(f"SELECT {_COLUMNS} FROM findings ORDER BY number DESC LIMIT ?", (limit,))
        return Recalled(tuple(map(_observation, rows)), len(self), True)

    def __len__(self) -> int:
        count: int = self._database.execute("SELECT count(*) FROM findings").fetchone()[0]
        return count

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _matching(self, expression: str, limit: int) -> list[Observation]:
        ranked = f"SELECT {_COLUMNS} FROM findings WHERE findings MATCH ? ORDER BY rank, number LIMIT ?"
        return [_observation(row) for row in self._database.execute(ranked, (expression, limit))]

    def _insert(self, one: Observation) -> None:
        values = (one.number, one.turn, one.author, _storable(one.finding), json.dumps(one.evidence), one.salience)
        self._database.execute(f"INSERT INTO findings ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)", values)


def select(observations: Sequence[Observation], count: int) -> list[Observation]:
    """The `count` findings most worth a place in the prompt, in the order they were made.

    The model's own come first, the newest of them first; then the loop's by salience.
    """
    model = [one for one in reversed(observations) if one.author == "model"]
    loop = sorted((one for one in observations if one.author == "loop"), key=lambda one: (-one.salience, -one.number))
    return sorted((model + loop)[:count], key=lambda one: one.number)


@contextmanager
def _said_of(path: Path | None) -> Iterator[None]:
    """What SQLite cannot do, in words that say what to do."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
            raise RunFailed(f"another process is at work on this run ({path} is locked); wait until it ends") from error
        if error.sqlite_errorcode in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
            raise RunFailed(f"{path} is damaged ({error}); delete it, it is made again from the events") from error
        raise RunFailed(f"{path} cannot be written ({error}); make room or allow it, then --resume the run") from error


def _observation(row: tuple[int, int, Author, str, str, float]) -> Observation:
    number, turn, author, finding, evidence, salience = row
    return Observation(number, turn, author, finding, tuple(json.loads(evidence)), salience)


def _storable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "")
