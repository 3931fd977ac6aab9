"""The corpus of tool results with facts, and the corpus's own check of an answer; nothing here is ours to decide."""

import hashlib
import importlib.util
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

PROJECT = Path(__file__).resolve().parent.parent


class CorpusMissing(Exception):
    """There is no corpus at `folder`; the message says how to name one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        super().__init__(
            f"no corpus at {folder}: give its folder, or set TOOLPAGER_SHARED to the folder that holds corpus/"
        )


class Check(Protocol):
    """What factcheck.py beside the facts offers."""

    def contained(self, fact: Mapping[str, object], text: str) -> bool:
        """Whether a text carries the fact."""

    def match(self, fact: Mapping[str, object], answer: str) -> bool:
        """Whether a short answer is right."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A question on one result with its answer; `record` is the corpus's own line, as its check wants it.

    `tier`: "gist", which a summary should hold, or "detail", which paging must reach. `decided`: a string or number
    match decides it; otherwise only a reader can.
    """

    id: str
    path: str
    family: str
    kind: str
    question: str
    answer: str
    type: str
    tier: str
    decided: bool
    record: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Source:
    """One tool result: its bytes, and its text as every method but ours reads it."""

    path: str
    data: bytes
    text: str


@dataclass(frozen=True, slots=True)
class Corpus:
    """Results and facts of one folder, in the order of its manifest."""

    folder: Path
    sources: tuple[Source, ...]
    facts: tuple[Fact, ...]
    check: Check

    def fingerprint(self) -> str:
        """Changes with any result or fact."""
        digest = hashlib.blake2b(digest_size=8)
        for data in [json.dumps(fact.record).encode() for fact in self.facts] + [one.data for one in self.sources]:
            digest.update(hashlib.blake2b(data).digest())
        return digest.hexdigest()

    def headline(self) -> tuple[Fact, ...]:
        """The facts a summary is scored on: gist, of type number or string, decided by containment."""
        return tuple(f for f in self.facts if f.tier == "gist" and f.decided and f.type in ("number", "string"))

    def detail(self) -> tuple[Fact, ...]:
        """The facts that paging must reach, as far as containment decides them."""
        return tuple(f for f in self.facts if f.tier == "detail" and f.decided)


def default_folder() -> Path:
    """$TOOLPAGER_SHARED/corpus, or ../shared/corpus from the project's root."""
    return Path(os.environ.get("TOOLPAGER_SHARED", PROJECT.parent / "shared")) / "corpus"


def load_corpus(folder: Path | None = None) -> Corpus:
    """The corpus in `folder` (default_folder() when None). Raises CorpusMissing."""
    folder = folder or default_folder()
    if not (folder / "facts.jsonl").is_file():
        raise CorpusMissing(folder)
    facts = tuple(_fact(json.loads(line)) for line in _lines(folder / "facts.jsonl"))
    paths = [str(json.loads(line)["path"]) for line in _lines(folder / "manifest.jsonl")]
    return Corpus(folder, tuple(_source(folder, path) for path in paths), facts, _check(folder / "factcheck.py"))


def decode(data: bytes) -> str:
    """UTF-8, or by its byte order mark, or cp1252: the plain reading that the baselines and peers are given."""
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="utf-8").split("\n") if line]


def _source(folder: Path, path: str) -> Source:
    data = (folder / path).read_bytes()
    return Source(path, data, decode(data))


def _fact(record: dict[str, object]) -> Fact:
    words = {key: str(record[key]) for key in ("id", "path", "family", "kind", "question", "answer", "type", "tier")}
    return Fact(**words, decided=bool(record["containment_ok"]), record=record)


def _check(path: Path) -> Check:
    spec = importlib.util.spec_from_file_location("corpus_factcheck", path)
    if spec is None or spec.loader is None:
        raise CorpusMissing(path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return cast(Check, module)
