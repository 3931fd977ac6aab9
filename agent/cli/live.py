"""An investigation as a person watches it: a few lines for every event."""

from collections.abc import Mapping
from typing import Any, cast

from .output import visible

_SHOWN_LINES = 7
_WIDTH = 150


class Live:
    """An observer of a run that prints what happens to standard error."""

    def __init__(self) -> None:
        from rich.console import Console

        self._console = Console(stderr=True, highlight=False, soft_wrap=True)

    def __call__(self, event: Mapping[str, object]) -> None:
        """Print one event; kinds without a line of their own stay silent."""
        show = getattr(self, f"_{event['event']}", None)
        if show is not None:
            show(cast("Mapping[str, Any]", event))

    def _generation(self, event: Mapping[str, Any]) -> None:
        used = f"{event['input_tokens']:,} + {event['max_new_tokens']} of {event['ceiling']:,} tokens"
        cost = f"{event['reused_tokens']:,} reused, {event['new_tokens']} new, {event['seconds']:.1f} s"
        if event.get("reported_tokens", event["input_tokens"]) != event["input_tokens"]:
            cost += f"; the server read {event['reported_tokens']:,} prompt tokens"
        self._say(f"turn {event['turn']} {event['purpose']}: {used} ({cost})", "cyan")
        for call in event["calls"]:
            arguments = ", ".join(f"{name}={value!r}" for name, value in call["arguments"].items())
            self._say(f"  {call['name']}({arguments})", "bold")
        if not event["calls"]:
            self._lines(event["content"])
        if event.get("problem"):
            self._say(f"  unusable: {event['problem']}", "red")

    def _result(self, event: Mapping[str, Any]) -> None:
        self._lines(event["content"], "red" if event["status"] == "failed" else "dim")

    def _observation(self, event: Mapping[str, Any]) -> None:
        who = "recorded" if event["by"] == "model" else "saved by the loop"
        self._say(f"  {who}: {event['finding']}", "green")

    def _compaction(self, event: Mapping[str, Any]) -> None:
        self._say(f"  shortened: {event['tokens_before']:,} -> {event['tokens_after']:,} tokens", "magenta")

    def _plan(self, event: Mapping[str, Any]) -> None:
        self._say(f"ceiling {event['ceiling']:,} ({event['chosen']}): {event['why']}", "cyan")

    def _memory(self, event: Mapping[str, Any]) -> None:
        lowered = f" -> {event['lowered_to']:,}" if event["lowered_to"] else ""
        self._say(f"  {event['message']} ceiling {event['ceiling']:,}{lowered}", "red")

    def _lines(self, text: str, style: str = "dim") -> None:
        lines = text.splitlines()
        for line in lines[:_SHOWN_LINES]:
            self._say(f"    {line[:_WIDTH]}{'…' * (len(line) > _WIDTH)}", style)
        if len(lines) > _SHOWN_LINES:
            self._say(f"    … {len(lines) - _SHOWN_LINES} more lines", "dim")

    def _say(self, text: str, style: str) -> None:
        self._console.print(visible(text), style=style, markup=False)
