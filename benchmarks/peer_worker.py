"""Runs inside a peer's own environment: a JSON request a line in, {"text", "seconds"} a line out.

Standard library and the peer only.

A request has "text", "budget" (tokens; peers without one ignore it) and "query" (or null).
"""

import importlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Shorten = Callable[[str, int, str | None], str]


def tooltrim() -> Shorten:
    """ToolCompressor with its footer, as a decorated tool gets it."""
    compressor: Any = importlib.import_module("tooltrim").ToolCompressor()
    return lambda text, budget, query: compressor.compress(text, query=query, max_tokens=budget).text


def llmslim() -> Shorten:
    """shorten_json for JSON where it can, else fit_text: what its tool-output integrations call, with our budget."""
    fit: Any = importlib.import_module("llmslim._fit").fit_text
    as_json: Any = importlib.import_module("llmslim._json_output")

    def shorten(text: str, budget: int, query: str | None) -> str:
        short = as_json.shorten_json(text, budget, query) if as_json.is_json(text) else None
        return str(short or fit(text, budget, query))

    return shorten


def headroom() -> Shorten:
    """compress() over a conversation whose last message is the result; it has no budget, its text model stays off."""
    compress: Any = importlib.import_module("headroom").compress

    def shorten(text: str, _: int, query: str | None) -> str:
        call = {"id": "c1", "type": "function", "function": {"name": "tool", "arguments": "{}"}}
        messages = [
            {"role": "user", "content": query or "What does the result say?"},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": text},
        ]
        done = compress(messages, model="gpt-4o", protect_recent=0, kompress_model="disabled")
        return str(done.messages[-1]["content"])

    return shorten


def rtk() -> Shorten:
    """`rtk json` for JSON, `rtk log` for all else; it has no budget and reads no query."""
    program = str(Path(sys.executable).parent / "rtk")

    def shorten(text: str, _: int, __: str | None) -> str:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "result"
            file.write_text(text, encoding="utf-8", errors="replace")
            command = [program, "json" if _is_json(text) else "log", str(file)]
            done = subprocess.run(
                command, capture_output=True, env={"HOME": folder, "PATH": ""}, timeout=60, check=False
            )
        return done.stdout.decode("utf-8", "replace")

    return shorten


def main(name: str) -> None:
    """Answers requests until the input ends; what the peer prints goes to standard error."""
    answers, sys.stdout = sys.stdout, sys.stderr
    shorten = {"tooltrim": tooltrim, "llmslim": llmslim, "headroom": headroom, "rtk": rtk}[name]()
    for line in sys.stdin:
        request = json.loads(line)
        start = time.perf_counter()
        try:
            answer: dict[str, Any] = {"text": shorten(request["text"], request["budget"], request["query"])}
        except Exception as error:  # noqa: BLE001  # a peer's failure is a row of the table, never the end of the run
            answer = {"error": f"{type(error).__name__}: {error}"[:300]}
        answer["seconds"] = time.perf_counter() - start
        print(json.dumps(answer), file=answers, flush=True)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


if __name__ == "__main__":
    main(sys.argv[1])
