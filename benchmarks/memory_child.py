"""One measurement of memory in a process of its own, under a cap: `python -m benchmarks.memory_child FIELDS`.

FIELDS is JSON: `what` is naive, ours or accuracy. Every line printed is JSON; the last one is the outcome.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from agent.memory import ProcessMeter

Fields = dict[str, Any]


def cap_memory(cap_bytes: int, device: str) -> None:
    """Limit this process: its data segment, or on CUDA the share of the device torch may take."""
    if device.startswith("cuda"):
        import torch

        cap_cuda(torch.cuda, cap_bytes)
        return
    import resource

    resource.setrlimit(resource.RLIMIT_DATA, (cap_bytes, cap_bytes))


def cap_cuda(cuda: Any, cap_bytes: int) -> None:
    """Let torch take `cap_bytes` of the current device at most."""
    cuda.set_per_process_memory_fraction(min(1.0, cap_bytes / cuda.mem_get_info()[1]))


def naive(fields: Mapping[str, Any]) -> Iterator[Fields]:
    """The original loop, until it ends or dies."""
    import torch

    from agent.memory import meter
    from agent.models.checkpoint import load_checkpoint
    from agent.models.encoder import Encoder

    from .directed import PLANTED, step_tool
    from .naive import run_naive

    peak = meter(torch.device(fields["device"]))
    checkpoint = load_checkpoint(
        fields["model"], device=fields["device"], dtype=fields["dtype"], attention=fields["attention"]
    )
    counter = Encoder(checkpoint.tokenizer, checkpoint.name)
    ran = run_naive(checkpoint, step_tool(counter), turns=fields["turns"], meter=peak, told=_tell)
    died = ran.turns[-1].error
    yield {
        "turns": [{"tokens": turn.tokens, "measured_bytes": turn.measured_bytes} for turn in ran.turns],
        "survived": len(ran.turns) - 1,
        "died": died,
        "died_at_tokens": ran.turns[-1].tokens if died else None,
        "answered": ran.answer is not None,
        "answer_is_right": ran.answer is not None and str(PLANTED) in ran.answer,
        "peak_bytes": _highest(peak),
    }


def ours(fields: Mapping[str, Any]) -> Iterator[Fields]:
    """toolpager's loop under the ceiling it derives."""
    import torch

    from agent import Settings, investigate
    from agent.events import read_events
    from agent.memory import meter
    from agent.models.local import LocalModel
    from summarizers import Templates

    from .directed import PLANTED, QUESTION, Directed, step_tool

    peak = meter(torch.device(fields["device"]))
    model = LocalModel(
        fields["model"],
        peak=peak,
        device=fields["device"],
        dtype=fields["dtype"],
        attention=fields["attention"],
        templates=Templates(),
    )
    model.probe()
    safe = model.safe_ceiling()
    ceiling = min(safe.tokens, fields.get("ceiling") or safe.tokens)
    yield {"ceiling": ceiling, "limited_by": safe.limit}
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        outcome = investigate(
            QUESTION,
            model=Directed(model),
            tools=[step_tool(model.counter)],
            run=run,
            settings=Settings(ceiling=ceiling, max_turns=fields["turns"], max_new_tokens=128),
            observer=_observe,
        )
        events = list(read_events(run / "events.jsonl"))
    spent: list[Any] = [event for event in events if event["event"] == "generation"]
    yield {
        "ceiling": ceiling,
        "safe_ceiling": safe.tokens,
        "limited_by": safe.limit,
        "why": safe.why,
        "turns": [_generation(event) for event in spent],
        "survived": outcome.turns,
        "died": None,
        "memory_events": sum(event["event"] == "memory" for event in events),
        "compactions": sum(event["event"] == "compaction" for event in events),
        "answered": bool(outcome.answer),
        "answer_is_right": str(PLANTED) in outcome.answer,
        "peak_bytes": _highest(peak),
        "worst_error": max(map(_error, spent), key=abs, default=None),
        "computed_tokens": sum(event["input_tokens"] - event["reused_tokens"] for event in spent),
    }


def accuracy(fields: Mapping[str, Any]) -> Iterator[Fields]:
    """Predicted against measured at each size, the prompt in chunks or at once, after the plan's own probe."""
    import torch
    from transformers import AutoModelForCausalLM

    from agent.memory import free_memory, let_go, meter, probed, return_freed_memory
    from agent.models.planning import plan_of
    from agent.models.session import Session

    from .directed import AtOnce

    return_freed_memory()
    device = torch.device(fields["device"])
    dtype = getattr(torch, fields["dtype"])
    network: Any = AutoModelForCausalLM.from_pretrained(
        fields["model"], dtype=dtype, attn_implementation=fields["attention"]
    )
    network.to(device).eval()
    chunk = fields["chunk_tokens"] or max(fields["sizes"])
    session = Session(network, chunk_tokens=chunk)
    vocabulary = network.config.vocab_size

    def feed(tokens: int) -> None:
        session.drop()
        let_go()
        session.generate([7919 * at % vocabulary for at in range(tokens)], AtOnce([0]), max_new_tokens=1)

    peak = meter(device)
    formula = plan_of(network, chunk_tokens=chunk, kv_cache="dynamic")
    found = probed(formula, feed, peak)
    plan = formula if found is None else found.applied(formula)
    for size in fields["sizes"]:
        if plan.at(size).above_weights > 0.9 * free_memory(device).bytes:
            yield {"tokens": size, "skipped": "more than the free memory"}
            continue
        session.drop()
        let_go()
        peak.start()
        began = time.perf_counter()
        feed(size)
        yield {
            "tokens": size,
            "formula_bytes": formula.at(size).above_weights,
            "predicted_bytes": plan.at(size).above_weights,
            "measured_bytes": peak.above_start(),
            "seconds": round(time.perf_counter() - began, 2),
        }


def _generation(event: Mapping[str, Any]) -> Fields:
    return {
        "tokens": event["input_tokens"] + event["new_tokens"],
        "predicted_bytes": event["predicted_bytes"],
        "measured_bytes": event["measured_bytes"],
    }


def _error(event: Mapping[str, Any]) -> float:
    measured = event["measured_bytes"]
    return round(event["predicted_bytes"] / measured - 1, 3) if measured else 0.0


def _observe(event: Mapping[str, object]) -> None:
    if event["event"] == "generation":
        _tell(event["turn"])


def _tell(turn: object) -> None:
    print(json.dumps({"turn": str(turn)}), flush=True)


WORKS: dict[str, Callable[[Mapping[str, Any]], Iterator[Fields]]] = {"naive": naive, "ours": ours, "accuracy": accuracy}


def main(fields: Fields) -> None:
    """Measure, and print a line for every step and the outcome."""
    if fields.get("cap_bytes"):
        cap_memory(fields["cap_bytes"], fields["device"])
    for found in WORKS[fields["what"]](fields):
        print(json.dumps(found), flush=True)


def _highest(peak: Any) -> int:
    """The most the whole process held; on CUDA what torch reserved of the device."""
    if isinstance(peak, ProcessMeter):
        return peak.highest_bytes
    import torch

    return int(torch.cuda.max_memory_reserved())


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
