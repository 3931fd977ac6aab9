"""An agent without a framework: every message stays, and every call is answered."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from ..conversing import TASK

Tools = Sequence[Mapping[str, Any]]


async def converse(url: str, tools: Tools, answer: Callable[[str, dict[str, Any]], Awaitable[str]]) -> None:
    """Ask the model at `url` until it calls nothing more; `answer` makes the calls."""
    from openai import AsyncOpenAI

    messages: list[Any] = [{"role": "user", "content": TASK}]
    offered: Any = [{"type": "function", "function": tool} for tool in tools]
    async with AsyncOpenAI(base_url=url, api_key="none") as client:
        while True:
            said = await client.chat.completions.create(model="scripted", messages=messages, tools=offered)
            message = said.choices[0].message
            messages.append(message.model_dump(exclude_none=True))
            if not message.tool_calls:
                return
            for call in message.tool_calls:
                assert call.type == "function"
                told = await answer(call.function.name, json.loads(call.function.arguments))
                messages.append({"role": "tool", "tool_call_id": call.id, "content": told})


def schema(name: str, **parameters: str) -> dict[str, Any]:
    """A tool whose parameters are texts, by what each is for."""
    given = {one: {"type": "string", "description": about} for one, about in parameters.items()}
    return {"name": name, "parameters": {"type": "object", "properties": given, "required": list(given)}}
