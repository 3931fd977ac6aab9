"""The memory plan of a loaded model, and its probe."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ..errors import OutOfMemory
from ..memory import KvCache, Meter, Plan, Probe, known_probe, let_go, probed, remembered, shape_of
from .attention import kernels_of, place_of
from .session import Session


def plan_of(model: Any, *, chunk_tokens: int, kv_cache: KvCache) -> Plan:
    """The plan for a model as it was loaded: its own parameters, device, dtype and the kernel it really runs.

    CUDA's context is there by then, so nothing is assumed for it.
    """
    return Plan(
        shape=shape_of(model.config),
        place=place_of(model.device),
        dtype=str(model.dtype).removeprefix("torch."),
        kernels=kernels_of(model.config._attn_implementation, model.device, model.dtype, model.config),
        weights_bytes=sum(one.nbytes for one in model.parameters()),
        chunk_tokens=chunk_tokens,
        kv_cache=kv_cache,
    )


@dataclass(frozen=True, slots=True)
class Probing:
    """Probes a session's model, and remembers what came of it in `folder`."""

    session: Session
    folder: Path
    vocabulary: int

    def known(self, plan: Plan) -> Plan:
        """The plan, corrected by what an earlier probe measured, if there was one."""
        found = known_probe(plan, self._machine(plan), self.folder)
        return plan if found is None else found.applied(plan)

    def made(self, plan: Plan, meter: Meter) -> Probe | None:
        """The probe, remembered or made now; None where it cannot be measured or memory does not allow it."""
        try:
            return remembered(plan, self._machine(plan), self.folder, lambda: probed(plan, self._feed, meter))
        except OutOfMemory:
            return None
        finally:
            self.session.drop()

    def _feed(self, tokens: int) -> None:
        self.session.drop()
        let_go()
        ids = [7919 * place % self.vocabulary for place in range(tokens)]
        self.session.generate(ids, _Once(), max_new_tokens=1)

    def _machine(self, plan: Plan) -> str:
        device = torch.cuda.get_device_name() if plan.place.kind == "cuda" else plan.place.kind
        return f"{device}, {torch.get_num_threads()} threads, torch {torch.__version__}"


class _Once:
    """Picks anything: only the prefill matters."""

    done = True

    def pick(self, logits: torch.Tensor, *, room: int) -> list[int]:
        """One token."""
        return [0]
