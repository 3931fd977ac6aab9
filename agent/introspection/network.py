"""A subject at work: its forward pass, with one layer's weights in memory at a time and no further than needed."""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import first_line
from .building import UNBUILDABLE, Built, build
from .errors import NotRunnable
from .subject import Subject
from .threads import few_threads, half_the_cores

FINAL_NORMS = ("norm", "norm_f", "ln_f", "final_layer_norm", "final_layernorm")
_MOST_HELD = 1 << 30  # bytes
_TOKENIZER_FILES = ("tokenizer.json", "tokenizer.model", "vocab.json")

Watch = Callable[[int, str, Tensor], None]


@dataclass(frozen=True, slots=True)
class Hook:
    """A function on what goes into a module of a layer, or comes out of it: rows x positions x size.

    `module` is the path within the layer, "" for the layer itself. What the function returns takes the tensor's place;
    None leaves it.
    """

    layer: int
    module: str
    on_input: bool
    function: Callable[[Tensor], Tensor | None]


class _Reached(Exception):
    """The last layer wanted has been computed."""


class Network:
    """Runs a subject in float32, its weights streamed from the folder where transformers keeps them as the folder does.

    Raises `NotRunnable` where the folder has no tokenizer, or transformers does not know its architecture.
    """

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self._held: dict[str, Tensor] | None = None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Compute on half of the cores, and convert each weight once where all take at most a gibibyte in float32."""
        before = self._held
        if before is None and 4 * self.subject.parameters <= _MOST_HELD:
            self._held = {}
        try:
            with few_threads(half_the_cores()):
                yield
        finally:
            self._held = before

    @property
    def has_tokenizer(self) -> bool:
        """Whether the folder has a tokenizer's files."""
        return any((self.subject.folder / name).is_file() for name in _TOKENIZER_FILES)

    @cached_property
    def tokenizer(self) -> Any:
        """The folder's tokenizer."""
        import json

        from huggingface_hub.errors import StrictDataclassError
        from transformers import AutoTokenizer

        if not self.has_tokenizer:
            raise NotRunnable(
                f"{self.subject.folder} has no tokenizer, so no prompt can be run; add its tokenizer.json"
            )
        try:
            file = self.subject.folder / "tokenizer.json"
            if file.is_file():
                json.loads(file.read_text(encoding="utf-8"))
            return AutoTokenizer.from_pretrained(str(self.subject.folder))
        except (*UNBUILDABLE, StrictDataclassError) as error:
            raise NotRunnable(f"the tokenizer of {self.subject.folder} cannot be read: {first_line(error)}") from error

    def tokens(self, prompt: str) -> tuple[Tensor, list[str]]:
        """Return the prompt's token ids (1 x positions), as far as the network has positions, each token as text."""
        ids = self.tokenizer(prompt, return_tensors="pt").input_ids[:, : self._longest]
        if not ids.numel():
            raise NotRunnable("the prompt has no tokens; give at least one word")
        return ids, [self.tokenizer.decode([token]) for token in ids[0].tolist()]

    @property
    def _longest(self) -> int | None:
        """How many positions a table of positions has; None where there is none."""
        return min((info.shape[0] - 2 for info in self.subject.in_layer(None) if info.is_position_table), default=None)

    @cached_property
    def _built(self) -> Built:
        return build(self.subject)

    @property
    def _model(self) -> Any:
        return self._built.model

    @cached_property
    def _stack(self) -> str:
        """The module path of the layers in the model."""
        wanted = self.subject.stack
        modules = {name for name, _ in self._model.named_modules()}
        prefix = f"{self._model.base_model_prefix}."
        return next(
            (name for name in (wanted, prefix + wanted, wanted.removeprefix(prefix)) if name in modules), wanted
        )

    def run(self, ids: Tensor, watch: Watch, *, only: int | None = None, patterns: bool = False) -> Tensor | None:
        """Run the network over `ids`, calling `watch(layer, module, output)` for each layer and each of its children.

        With `only`, that layer alone is watched and nothing after it is computed (then None is returned); otherwise the
        logits of all positions are. Outputs are float32, positions x hidden; module "" is the layer itself.
        With `patterns`, attention is computed in the open, and watched as module "pattern": heads x queries x keys.
        """
        self._model.set_attn_implementation("eager" if patterns else self._built.kernel)
        layers = list(self._model.get_submodule(self._stack))
        with ExitStack() as hooks, torch.inference_mode():
            for layer, module in enumerate(layers):
                hooks.enter_context(self._streamed(layer, module, watch, only))
            hooks.enter_context(self._outside(embeddings_only=only is not None))
            try:
                logits: Tensor = self._model(ids, use_cache=False).logits[0]
            except _Reached:
                return None
        return logits

    def states(self, ids: Tensor, hooks: Sequence[Hook] = (), *, last: int | None = None) -> Tensor:
        """Return what layer `last` (the final one) puts out for `ids` with `hooks` in place: rows x positions x hidden.

        A hook on a layer's input may add rows: everything after it computes them too.
        """
        self._model.set_attn_implementation(self._built.kernel)
        layers = list(self._model.get_submodule(self._stack))
        end = len(layers) - 1 if last is None else last
        found: list[Tensor] = []

        def ended(output: Tensor) -> None:
            found.append(output)
            raise _Reached

        with ExitStack() as stack, torch.inference_mode():
            for layer, module in enumerate(layers[: end + 1]):
                stack.enter_context(self._streamed(layer, module, lambda *_: None, -1))
                for hook in (one for one in hooks if one.layer == layer):
                    stack.enter_context(_hooked(module.get_submodule(hook.module), hook))
            stack.enter_context(_hooked(layers[end], Hook(end, "", False, ended)))
            stack.enter_context(self._outside(embeddings_only=True))
            with suppress(_Reached):
                self._model(ids, use_cache=False)
        return found[0]

    def submodules(self, layer: int) -> list[str]:
        """Return the paths of a layer's modules."""
        return [name for name, _ in self._model.get_submodule(f"{self._stack}.{layer}").named_modules() if name]

    def part(self, layer: int, path: str) -> nn.Module:
        """Return a module of a layer that needs no weights, such as an activation function."""
        found: nn.Module = self._model.get_submodule(f"{self._stack}.{layer}.{path}")
        return found

    @contextmanager
    def rotary_base(self, theta: float) -> Iterator[None]:
        """Rotate positions by frequencies of another base meanwhile; raise `NotRunnable` where none can be changed."""
        stated = self.subject.rope_theta
        buffers = [
            (module, name, buffer)
            for module in self._model.modules()
            for name, buffer in module.named_buffers(recurse=False)
            if name == "inv_freq"
        ]
        if not stated or not buffers:
            raise NotRunnable(f"{self.subject.folder} has no plain rotary position encoding")
        try:
            for module, name, buffer in buffers:
                setattr(module, name, buffer ** (math.log(theta) / math.log(stated)))
            yield
        finally:
            for module, name, buffer in buffers:
                setattr(module, name, buffer)

    def read_out(self, hidden: Tensor) -> Tensor:
        """Return the logits (rows x vocabulary) that final norm and output embedding give for rows of the stream."""
        owner = self._model.get_submodule(self._stack.rpartition(".")[0])
        norm = next((getattr(owner, name) for name in FINAL_NORMS if hasattr(owner, name)), None)
        if norm is None:
            raise NotRunnable(f"{self.subject.folder} has no final norm that these tools know; they are {FINAL_NORMS}")
        with torch.inference_mode(), self._outside(embeddings_only=False):
            logits: Tensor = self._model.get_output_embeddings()(norm(hidden))
        return logits

    @contextmanager
    def _streamed(self, layer: int, module: nn.Module, watch: Watch, only: int | None) -> Iterator[None]:
        prefix = f"{self._stack}.{layer}."
        watched = only is None or only == layer
        children = dict(module.named_children()) if watched else {}

        def load(_module: nn.Module, _inputs: object) -> None:
            self._fill(module, prefix)

        def done(_module: nn.Module, _inputs: object, output: object) -> None:
            self._empty(module)
            if watched:
                watch(layer, "", _hidden(output))
            if only == layer:
                raise _Reached

        handles = [module.register_forward_pre_hook(load)]
        for name, child in children.items():
            handles.append(child.register_forward_hook(partial(_report, watch, layer, name)))
        handles.append(module.register_forward_hook(done))
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()
            self._empty(module)

    @contextmanager
    def _outside(self, *, embeddings_only: bool) -> Iterator[None]:
        """Hold the parameters outside the stack; the output embedding only where the logits are wanted."""
        if self._built.names is None:
            yield
            return
        head = self._model.get_output_embeddings()
        filled = []
        for path, module in self._model.named_modules():
            outside = not path.startswith(f"{self._stack}.")
            if outside and dict(module.named_parameters(recurse=False)) and not (embeddings_only and module is head):
                self._fill(module, f"{path}.", recurse=False)
                filled.append(module)
        if not embeddings_only and head.weight.is_meta:
            head.weight = self._model.get_input_embeddings().weight
        try:
            yield
        finally:
            for module in filled:
                for name, _ in list(module.named_parameters(recurse=False)):
                    _set(module, name, torch.empty(0, device="meta"))

    def _empty(self, module: nn.Module) -> None:
        if self._built.names is not None:
            module.to("meta")

    def _fill(self, module: nn.Module, prefix: str, *, recurse: bool = True) -> None:
        for name, _ in list(module.named_parameters(recurse=recurse)):
            owner, _, last = name.rpartition(".")
            known = (self._built.names or {}).get(prefix + name)
            if known:
                _set(module.get_submodule(owner), last, self._weight(known))

    def _weight(self, name: str) -> Tensor:
        if self._held is None:
            return self.subject.tensor(name).float()
        if name not in self._held:
            self._held[name] = self.subject.tensor(name).float()
        return self._held[name]


@contextmanager
def _hooked(module: nn.Module, hook: Hook) -> Iterator[None]:
    def before(_module: nn.Module, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        given = args[0] if args else named.get("hidden_states")
        assert isinstance(given, Tensor)
        changed = hook.function(given)
        if changed is None:
            return None
        return ((changed, *args[1:]), named) if args else (args, {**named, "hidden_states": changed})

    def after(_module: nn.Module, _args: object, output: Any) -> Any:
        changed = hook.function(output[0] if isinstance(output, tuple) else output)
        if changed is None:
            return None
        return (changed, *output[1:]) if isinstance(output, tuple) else changed

    handle = (
        module.register_forward_pre_hook(before, with_kwargs=True)
        if hook.on_input
        else module.register_forward_hook(after)
    )
    try:
        yield
    finally:
        handle.remove()


def _set(module: nn.Module, name: str, tensor: Tensor) -> None:
    setattr(module, name, nn.Parameter(tensor, requires_grad=False))


def _report(watch: Watch, layer: int, name: str, _module: nn.Module, _inputs: object, output: object) -> None:
    watch(layer, name, _hidden(output))
    if isinstance(output, tuple) and len(output) > 1 and isinstance(output[1], Tensor) and output[1].dim() == 4:
        watch(layer, "pattern", output[1][0].float())


def _hidden(output: object) -> Tensor:
    """Return what a module passes on, positions x hidden, of the one sequence."""
    found = output[0] if isinstance(output, tuple) else output
    assert isinstance(found, Tensor)
    return found.float().reshape(-1, found.shape[-1])
