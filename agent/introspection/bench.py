"""The bench on which a copy of a model folder is changed: tensors taken, changed and written to a new folder."""

import json
import os
import random
import shutil
from copy import deepcopy
from pathlib import Path
from typing import Any

from .errors import NoPlant
from .heads import HeadBlock, head_blocks
from .subject import Subject, TensorInfo


class Bench:
    """A subject being changed: seeded choices, the changed tensors and the changed configuration.

    `strength` scales how much an edit changes where that is a matter of degree; 1 is the edit as described.
    """

    def __init__(self, subject: Subject, seed: int, *, strength: float = 1.0) -> None:
        import torch

        self.subject = subject
        self.strength = strength
        self.random = random.Random(seed)
        self.noise = torch.Generator().manual_seed(seed)
        self.changed: dict[str, Any] = {}
        self.config: dict[str, Any] = deepcopy(dict(subject.config))

    def a_layer(self) -> int:
        """Choose a layer; not one of the first or last two where there are enough others."""
        depth = self.subject.layer_count
        margin = 2 if depth >= 8 else 1 if depth >= 4 else 0
        return self.random.randrange(margin, depth - margin)

    def in_layer(self, layer: int, *endings: str) -> TensorInfo:
        """Return the layer's first weight whose module path ends in one of `endings`."""
        for ending in endings:
            for info in self.subject.in_layer(layer):
                if info.name.endswith(f"{ending}.weight"):
                    return info
        raise NoPlant(f"layer {layer} of {self.subject.folder} has no {' or '.join(endings)} to plant a fault in")

    def outside(self, *endings: str) -> TensorInfo:
        """Return the first weight outside the stack whose name ends in one of `endings`."""
        for ending in endings:
            for info in self.subject.in_layer(None):
                if info.name.removesuffix(".weight").endswith(ending):
                    return info
        raise NoPlant(f"{self.subject.folder} has no {' or '.join(endings)} to plant a fault in")

    def heads(self, info: TensorInfo) -> HeadBlock:
        """Return the heads of a projection."""
        blocks = head_blocks(self.subject, info)
        if not blocks:
            raise NoPlant(f"{info.name} of shape {info.shape} shows no heads to plant a fault in")
        return blocks[0]

    def take(self, info: TensorInfo) -> Any:
        """Return the tensor as float32, to be changed and put back."""
        return self.subject.tensor(info.name).float().clone()

    def put(self, info: TensorInfo, tensor: Any) -> None:
        """Change the tensor, in the type it is stored in."""
        import torch

        kinds = {"BF16": torch.bfloat16, "F16": torch.float16, "F64": torch.float64}
        self.changed[info.name] = tensor.to(kinds.get(info.dtype, torch.float32)).contiguous()

    def write(self, target: Path) -> None:
        """Write the changed copy: links to what stayed, new files for what did not."""
        target.mkdir(parents=True, exist_ok=True)
        touched = {self.subject.tensors[name].file.name for name in self.changed}
        for file in sorted(path for path in self.subject.folder.iterdir() if path.is_file()):
            if file.name in touched:
                self._write_weights(file, target / file.name)
            elif file.name == "config.json" and self.config != self.subject.config:
                (target / file.name).write_text(json.dumps(self.config, indent=2) + "\n", encoding="utf-8")
            else:
                _link(file, target / file.name)

    def _write_weights(self, source: Path, target: Path) -> None:
        from safetensors.torch import save_file

        names = [name for name, info in self.subject.tensors.items() if info.file == source]
        tensors = {name: self.changed.get(name, self.subject.tensor(name)) for name in names}
        partial = target.with_suffix(".partial")
        save_file(tensors, str(partial), metadata={"format": "pt"})
        partial.replace(target)


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source.resolve(), target)
    except OSError:
        shutil.copyfile(source, target)
