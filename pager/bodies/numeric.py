"""Arrays: kept as .npy, read and formatted by range."""

import ast
import io
import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..storage.store import Store

READABLE = "biuf"


def array_bytes(value: Any) -> bytes | None:
    """The .npy form of a numpy array or torch tensor of numbers; None for anything else, and for single numbers."""
    if hasattr(type(value), "detach") and hasattr(type(value), "numpy") and hasattr(value, "is_sparse"):
        if value.is_meta:
            return None
        value = _from_torch(value)
    kind = getattr(getattr(value, "dtype", None), "kind", None)
    if (
        kind not in tuple(READABLE)
        or not hasattr(type(value), "__array_interface__")
        or not value.shape
        or not value.size
    ):
        return None
    import numpy as np

    if not isinstance(value, np.ndarray):
        return None
    buffer = io.BytesIO()
    little = np.ascontiguousarray(value, dtype=value.dtype.newbyteorder("<"))
    np.lib.format.write_array(buffer, little, allow_pickle=False)
    return buffer.getvalue()


def _from_torch(tensor: Any) -> Any:
    dense = tensor.detach()
    dense = (dense.to_dense() if dense.is_sparse else dense).cpu().resolve_conj().resolve_neg()
    known = {"torch.float32", "torch.float64", "torch.float16", "torch.bool"}
    integers = {f"torch.{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)}
    if str(dense.dtype) in known | integers:
        return dense.numpy()
    return dense.float().numpy() if dense.is_floating_point() else dense


def array_details(data: bytes) -> Mapping[str, object]:
    """Where the numbers start in a .npy file, their type and shape."""
    (length,) = struct.unpack_from("<H", data, 8)
    header = ast.literal_eval(data[10 : 10 + length].decode("latin-1"))
    return {"offset": 10 + length, "dtype": header["descr"], "shape": list(header["shape"])}


@dataclass(frozen=True, slots=True)
class ArrayText:
    """The JSON text of a stored array, formatted where it is read; units are elements in C order."""

    store: Store
    content: int
    offset: int
    dtype: str
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def size_bytes(self) -> None:
        return None

    def numbers(self, start: int, stop: int) -> Any:
        """Elements start to stop as a flat numpy array."""
        import numpy as np

        width = np.dtype(self.dtype).itemsize
        data = self.store.read(self.content, self.offset + start * width, self.offset + stop * width)
        return np.frombuffer(data, dtype=self.dtype)

    def whole(self) -> Any:
        """The numpy array."""
        return self.numbers(0, self.size).reshape(self.shape)

    def at(self, start: int, stop: int) -> "ArrayText":
        """Rows start to stop along the first axis."""
        width = int(self.dtype[2:]) * math.prod(self.shape[1:])
        return ArrayText(
            self.store, self.content, self.offset + start * width, self.dtype, (stop - start, *self.shape[1:])
        )

    def row(self, index: int) -> "ArrayText":
        """One row along the first axis, which has at least one more axis below it."""
        inner = self.at(index, index + 1)
        return ArrayText(self.store, self.content, inner.offset, self.dtype, self.shape[1:])

    def edge(self, position: int, reach: int) -> int:
        line = math.prod(self.shape[1:])
        snapped = position - position % line
        return snapped if snapped > position - reach else position

    def read(self, start: int, stop: int) -> str:
        words = self.words(start, stop)
        strides = [math.prod(self.shape[axis:]) for axis in range(len(self.shape))]
        inner = strides[1:]
        parts: list[str] = []
        for at, word in enumerate(words, start):
            parts.append(self._before(at, strides, inner))
            parts.append(word)
        if stop == self.size:
            parts.append("]" * len(inner) + "\n]")
        return "".join(parts)

    def _before(self, at: int, strides: list[int], inner: list[int]) -> str:
        """What stands between element `at` and the one before it."""
        if at == 0:
            return "[\n" + "[" * len(inner)
        turned = sum(1 for stride in inner if at % stride == 0)
        separator = ",\n" if turned == len(inner) else ", "
        return "]" * turned + separator + "[" * turned

    def word(self, index: int) -> str:
        """One element as it stands in the text."""
        return self.words(index, index + 1)[0]

    def index(self, at: int) -> str:
        """The address step of a flat element: `[2][0]` for element 6 of three columns."""
        steps = []
        for axis in range(1, len(self.shape) + 1):
            stride = math.prod(self.shape[axis:])
            steps.append(f"[{at // stride}]")
            at %= stride
        return "".join(steps)

    def words(self, start: int, stop: int) -> list[str]:
        """Elements start to stop as they stand in the text."""
        numbers = self.numbers(start, stop)
        if numbers.dtype.kind == "b":
            return ["true" if flag else "false" for flag in numbers.tolist()]
        if numbers.dtype.kind in "iu":
            return [str(number) for number in numbers.tolist()]
        return [_SPECIAL.get(word, word) for word in numbers.astype(str).tolist()]


_SPECIAL = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
