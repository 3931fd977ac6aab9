"""What is dear to compute, kept on disk under the content it was computed from: no tensor is taken apart twice.

Whatever folder, name or layer a tensor has, its bytes, shape and type are its key; a changed number is another key.
"""

import hashlib
import os
import tempfile
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

_VERSION = 2  # raise it when what is kept is computed in another way


def content_key(tensor: Tensor, *more: object) -> str:
    """Return a name of the tensor's content and of whatever else the result depends on."""
    digest = hashlib.blake2b(f"{_VERSION} {tuple(tensor.shape)} {tensor.dtype} {more}".encode(), digest_size=16)
    digest.update(tensor.contiguous().flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()


def load_kept(folder: Path, key: str) -> dict[str, np.ndarray] | None:
    """Return the arrays kept under a key; None where there are none, or none that can be read."""
    try:
        with np.load(folder / key[:2] / f"{key}.npz", allow_pickle=False) as kept:
            return {name: kept[name] for name in kept.files}
    except (OSError, ValueError, KeyError, EOFError):
        return None


def keep(folder: Path, key: str, **arrays: np.ndarray) -> None:
    """Keep arrays under a key, whole or not at all; a folder that cannot be written keeps nothing."""
    place = folder / key[:2] / f"{key}.npz"
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=place.parent, suffix=".partial")
        with os.fdopen(handle, "wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]
        Path(name).replace(place)
    except OSError:
        return
