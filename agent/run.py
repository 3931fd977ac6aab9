"""A run is a folder: run.json, events.jsonl, prompts/NNNN.txt, the store, the notebook, report.md."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from .errors import BadSettings, RunFailed
from .messages import Prompt
from .settings import Settings

FORMAT = 1


@dataclass(frozen=True, slots=True)
class RunInfo:
    """What run.json says: the question, the settings, the model's name, and what the caller noted about the run.

    `plan` are the steps put before the model, `answer_schema` is the JSON schema its answer is to fit.
    """

    question: str
    settings: Settings
    model: str
    about: Mapping[str, object]
    plan: tuple[str, ...] = ()
    answer_schema: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Where everything about one run lies."""

    path: Path

    @property
    def info_path(self) -> Path:
        """The question and settings; written once, at the start."""
        return self.path / "run.json"

    @property
    def events_path(self) -> Path:
        """The truth about the run."""
        return self.path / "events.jsonl"

    @property
    def store_path(self) -> Path:
        """The pager's folder: every result, whole."""
        return self.path / "store"

    @property
    def notebook_path(self) -> Path:
        """The findings' full-text index; made again from the events where it is behind."""
        return self.path / "notebook.sqlite"

    @property
    def report_path(self) -> Path:
        """What a person reads afterwards."""
        return self.path / "report.md"

    def create(self, info: RunInfo) -> None:
        """Make the folder; raise `RunFailed` where a run already lies."""
        if self.info_path.exists():
            raise RunFailed(f"{self.path} already holds a run; resume it (--resume {self.path}) or name another folder")
        (self.path / "prompts").mkdir(parents=True, exist_ok=True)
        fields = {"format": FORMAT, "versions": _versions(), **asdict(info)}
        _write_whole(self.info_path, json.dumps(fields, indent=2) + "\n")

    def info(self) -> RunInfo:
        """What run.json says; raise `RunFailed` where there is none or it is no run's."""
        if not self.info_path.exists():
            raise RunFailed(f"{self.path} holds no run (there is no run.json): nothing had begun; start it anew")
        try:
            fields = json.loads(self.info_path.read_text(encoding="utf-8"))
            settings = Settings(**fields["settings"])
            plan, schema = tuple(fields.get("plan") or ()), fields.get("answer_schema")
            return RunInfo(fields["question"], settings, fields["model"], fields["about"], plan, schema)
        except (ValueError, KeyError, TypeError, BadSettings) as error:
            raise RunFailed(f"{self.info_path} is not this version's: {error}; start a new run") from error

    def save_prompt(self, number: int, prompt: Prompt) -> str:
        """Write exactly what is about to be fed; return its path within the folder."""
        name = f"prompts/{number:04d}.txt"
        # a lone surrogate in a result must not keep a prompt from being written
        (self.path / name).write_bytes(prompt.text.encode("utf-8", "surrogatepass"))
        return name


def _write_whole(path: Path, text: str) -> None:
    """A killed process leaves the old file or the new one, never half of one."""
    draft = path.with_name(path.name + ".new")
    draft.write_text(text, encoding="utf-8")
    os.replace(draft, path)


def _versions() -> dict[str, str]:
    import platform
    from importlib.metadata import PackageNotFoundError, version

    found = {"python": platform.python_version()}
    for name in ("toolpager", "transformers", "torch"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
