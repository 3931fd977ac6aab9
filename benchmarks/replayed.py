"""A whole investigation with known replies on a real model: what its prompts cost, with the cache and without.

The loop, the tokenizer, the prefill and every decoded token are real; only the choice of each token is not, so that
runs with and without reuse read the very same prompts.
"""

import json
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.events import read_events
from agent.investigation import investigate
from agent.messages import Choice, Message, Prompt, Reply, ToolCall, ToolSpec
from agent.models.formats import write_calls
from agent.settings import Settings
from agent.tools import Tool, tool

if TYPE_CHECKING:
    from agent.models.local import LocalModel
    from pager import TokenCounter

Fields = dict[str, Any]
QUESTION = "Which layer has the heaviest tails, and in which part?"
PARTS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


@dataclass
class Replayed:
    """A local model that says what a script says: looks at one layer after the other, now and then at an old one."""

    local: "LocalModel"
    reuse: bool = True
    seconds: float = 0.0
    turns: int = field(default=0)

    @property
    def name(self) -> str:
        """The local model's."""
        return self.local.name

    @property
    def context_tokens(self) -> int | None:
        """The local model's."""
        return self.local.context_tokens

    @property
    def counter(self) -> "TokenCounter":
        """The local model's."""
        return self.local.counter

    def prompt(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Prompt:
        """As the local model renders it."""
        return self.local.prompt(messages, tools)

    def generate(self, prompt: Prompt, *, max_new_tokens: int, choice: Choice, seed: int = 0) -> Reply:
        """The next line of the script, fed token by token."""
        if not self.reuse:
            self.local.drop_cache()
        line = self._line({spec.name for spec in choice.tools})
        content = line if isinstance(line, str) else write_calls([line], self.local.family)
        reply = self.local.replay(prompt, content)
        self.seconds += reply.seconds
        return reply

    def _line(self, offered: set[str]) -> str | ToolCall:
        if not offered:
            return "Layer 17 has the heaviest tails, in its down projection."
        if offered == {"record_observation"}:
            finding = f"layer {self.turns} has a kurtosis of {3 + self.turns / 7:.2f} in down_proj"
            return ToolCall("record_observation", {"finding": finding, "evidence": "r1"})
        self.turns += 1
        if self.turns % 5 == 0:
            return ToolCall("open", {"address": f"r{self.turns // 3}"})
        return ToolCall("get_layer_statistics", {"layer": self.turns})


@tool
def get_layer_statistics(layer: int) -> list[dict[str, object]]:
    """Statistics of one layer's parts, head by head."""
    rows = 12 + 48 * (layer * 37 % 11) // 10  # 1,000 to 5,000 tokens
    return [
        {
            "name": f"model.layers.{layer}.{PARTS[row % 7]}.{row // 7}",
            "mean": round((row * 31 + layer * 17) % 101 / 997, 5),
            "std": round(0.02 + (row * 13 + layer * 7) % 89 / 1777, 5),
            "kurtosis": round(3 + (row * layer) % 23 / 19, 4),
            "max": round(0.1 + (row * 11 + layer) % 97 / 83, 4),
        }
        for row in range(rows)
    ]


def replay(local: "LocalModel", settings: Settings, *, reuse: bool, tools: Iterable[Tool] = ()) -> Fields:
    """Tokens and seconds of one whole investigation; without `reuse` each prompt is read from its start."""
    local.drop_cache()
    model = Replayed(local, reuse=reuse)
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        began, cpu = time.perf_counter(), time.process_time()
        investigate(QUESTION, model=model, tools=tools or [get_layer_statistics], run=run, settings=settings)
        wall, cpu = time.perf_counter() - began, time.process_time() - cpu
        events = list(read_events(run / "events.jsonl"))
    asked = [event for event in events if event["event"] == "generation"]
    told = {name: sum(int(str(event[name])) for event in asked) for name in ("input_tokens", "new_tokens")}
    computed = told["input_tokens"] - sum(int(str(event["reused_tokens"])) for event in asked)
    return {
        "turns": int(str(events[-1]["turn"])),
        "generations": len(asked),
        "compactions": sum(event["event"] == "compaction" for event in events),
        "peak_tokens": events[-1]["peak_tokens"],
        **told,
        "computed_tokens": computed,
        "least_tokens": least_tokens(events),
        "wall_seconds": round(wall, 2),
        "cpu_seconds": round(cpu, 2),
        "generating_seconds": round(model.seconds, 2),
    }


def least_tokens(events: Iterable[Mapping[str, Any]]) -> int:
    """Each token that came as a question, a call, a result or a remark once; what compactions wrote anew not at all."""
    least = stands = 0
    for event in events:
        if event["event"] == "generation":
            least += event["input_tokens"] - (0 if event["purpose"] == "summarizer" else stands)
            stands = stands if event["purpose"] == "summarizer" else event["input_tokens"]
        if event["event"] == "compaction":
            least += event["tokens_before"] - stands
            stands = event["tokens_after"]
    return least


def both(source: str | None, *, ceiling: int = 6_000, turns: int = 25, layers: int | None = None) -> list[Fields]:
    """The same run with the cache and without, on one model, or on its first `layers` layers."""
    from agent.models import bundled_model, load_model, local_folder

    settings = Settings(ceiling=ceiling, max_turns=turns, max_new_tokens=128)
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(local_folder(source) if source else bundled_model())
        local = load_model(shallow(whole, Path(folder), layers) if layers else whole)
        about = {"model": whole.name, "layers": layers or "all", "ceiling": ceiling}
        return [{**about, "reuse": reuse, **replay(local, settings, reuse=reuse)} for reuse in (True, False)]


def shallow(source: Path, into: Path, layers: int) -> Path:
    """A copy of a model with its first layers only: what it says is noise, what it costs is their share."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    AutoModelForCausalLM.from_pretrained(source, num_hidden_layers=layers).save_pretrained(into)
    AutoTokenizer.from_pretrained(source).save_pretrained(into)
    return into


def main() -> None:
    """Both runs: JSON on standard output."""
    from argparse import ArgumentParser

    parser = ArgumentParser(prog="python -m benchmarks.replayed", description=__doc__)
    parser.add_argument("--model", help="a folder, .gguf file or hub id; nothing is the bundled model")
    parser.add_argument("--ceiling", type=int, default=6_000)
    parser.add_argument("--turns", type=int, default=25)
    parser.add_argument("--layers", type=int, help="only so many of the model's first layers, to be quick")
    chosen = parser.parse_args()
    found = both(chosen.model, ceiling=chosen.ceiling, turns=chosen.turns, layers=chosen.layers)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
