"""A conversation with tools, told in roles that every chat template knows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ..messages import Message, ToolSpec
from .formats import Family, parse_calls, write_calls

Mask = Callable[[str], str]


class Renderer(Protocol):
    """Fills a template; summarizers.Templates is one."""

    def render(self, name: str, **fields: object) -> str:
        """The text of the template `name` with its fields."""


def unmasked(text: str) -> str:
    """The mask that changes nothing: for text whose markers were made plain before."""
    return text


@dataclass(frozen=True, slots=True)
class Untooled:
    """Puts templates/tools.j2 into the system message and answers of tools into user messages.

    Neighbours of one role become one message; where no system message is taken, that opens the first user message.
    """

    templates: Renderer
    family: Family = "smollm"
    takes_system: bool = True
    mask_data: Mask = unmasked
    mask_own: Mask = unmasked

    def entries(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> list[dict[str, Any]]:
        """The messages as `{"role", "content"}`."""
        joined: list[dict[str, Any]] = []
        for role, content in self._turns(messages, tools):
            if joined and joined[-1]["role"] == role:
                joined[-1]["content"] += "\n" + content
            else:
                joined.append({"role": role, "content": content})
        return joined

    def answer(self, content: str) -> str:
        """What a tool said, unable to close the frame it stands in."""
        return self.mask_data(content.replace("</tool_response", "<\\/tool_response"))

    def own_json(self, value: Any) -> Any:
        """JSON of ours with the markers in its strings masked."""
        if isinstance(value, str):
            return self.mask_own(value)
        if isinstance(value, dict):
            return {self.mask_own(str(key)): self.own_json(each) for key, each in value.items()}
        return [self.own_json(each) for each in value] if isinstance(value, (list, tuple)) else value

    def _turns(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Iterator[tuple[str, str]]:
        rest = list(messages)
        if tools:
            own = [self.mask_own(rest.pop(0).content)] if rest and rest[0].role == "system" else []
            lines = "\n".join(json.dumps(self.own_json(_function(tool)), ensure_ascii=False) for tool in tools)
            yield self._system_role, "\n\n".join([*own, self.templates.render("tools.j2", tools=lines)])
        for message in rest:
            if message.role == "tool":
                yield "user", f"<tool_response>\n{self.answer(message.content)}\n</tool_response>"
            elif message.role == "user":
                yield "user", self.mask_data(message.content)
            else:
                role = self._system_role if message.role == "system" else message.role
                yield role, self.mask_own(_with_calls(message, self.family))

    @property
    def _system_role(self) -> str:
        return "system" if self.takes_system else "user"


def _function(tool: ToolSpec) -> dict[str, Any]:
    return {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)}


def _with_calls(message: Message, family: Family) -> str:
    """The content, with the calls written out where it does not hold them already."""
    if not message.calls or parse_calls(message.content).calls == message.calls:
        return message.content
    return "\n".join(filter(None, [message.content, write_calls(message.calls, family)]))
