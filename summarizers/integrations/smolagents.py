"""The pager around the tools and steps of smolagents' agents (`smolagents` 1.x)."""

import inspect
from collections.abc import Iterator, Sequence
from typing import Any

from smolagents import ActionStep, MultiStepAgent, Tool

from ..views import VERBS, Verb, Views
from ..window import Shown, Window


def paged_tools(views: Views, tools: Sequence[Tool]) -> list[Tool]:
    """A tool-calling agent's tools, long results told by their cards, and `open`, `find` and `query` beside them.

    The tools are changed in place. Images and audio pass as they are. A `CodeAgent` works on values, so give it its
    tools as they are with `verb_tools`, and the `StepCallback`.
    """
    for one in tools:
        if one.name not in VERBS and one.output_type not in ("image", "audio"):
            _page(one, views)
    return [*tools, *verb_tools(views)]


def verb_tools(views: Views) -> list[Tool]:
    """`open`, `find` and `query`."""
    return [_Verb(verb) for verb in views.verbs]


class StepCallback:
    """One of an agent's `step_callbacks`: keeps its memory, and so its next prompt, under `ceiling_tokens`.

    A long observation becomes a card; those of earlier steps are shortened in the agent's memory, several at once
    (`Window`), and at last say nothing more. What a step's code printed counts as its result. Raises CeilingExceeded
    where the memory can't be made to fit.
    """

    def __init__(self, views: Views, *, ceiling_tokens: int, reserve_tokens: int = 1024) -> None:
        self._views = views
        self._window = Window(views, ceiling_tokens=ceiling_tokens, reserve_tokens=reserve_tokens)

    def __call__(self, step: ActionStep, agent: MultiStepAgent) -> None:
        """Shorten what is old, once a step is done."""
        window = self._window
        if step.token_usage is not None:
            window.report(step.token_usage.input_tokens)
        self._told(step)
        steps = [one for one in (*agent.memory.steps, step) if isinstance(one, ActionStep)]
        shown = [_shown(one, window) for one in steps if one.observations]
        schemas = [[one.name, one.description, one.inputs] for one in agent.tools.values()]
        others = [_text(message) for other in _others(agent) for message in other.to_messages()]
        said = [text for one in steps for text in _said(one)]
        fitted = window.fit(shown, other_tokens=window.count(*others, *said, *schemas))
        for one in steps:
            number = str(one.step_number)
            if number in fitted.texts:
                one.observations = fitted.texts[number]
            elif number in fitted.folded:
                one.observations = one.model_output = one.tool_calls = None

    def _told(self, step: ActionStep) -> None:
        """A long observation as its card."""
        shown = _shown(step, self._window)
        if step.observations and self._views.address_in(step.observations) is None and shown.tool not in VERBS:
            step.observations = self._views.shown(step.observations, tool=shown.tool, arguments=shown.arguments)


class _Verb(Tool):  # type: ignore[misc]  # the library has no types
    """A verb as the library's tool."""

    output_type = "string"
    skip_forward_signature_validation = True

    def __init__(self, verb: Verb) -> None:
        self.name = verb.__name__
        self.description = (inspect.getdoc(verb) or "").partition("\n")[0]
        named = list(inspect.signature(verb).parameters)
        self.inputs = {name: {"type": "string", "description": _about(verb, name)} for name in named}
        self._verb = verb
        super().__init__()

    def forward(self, *given: Any, **named: Any) -> str:
        """Answer."""
        return self._verb(*given, **named)


def _about(verb: Verb, parameter: str) -> str:
    """What the verb's docstring says of a parameter."""
    lines = (inspect.getdoc(verb) or "").splitlines()
    return next((line.split(":", 1)[1].strip() for line in lines if line.strip().startswith(f"{parameter}:")), "")


def _page(one: Tool, views: Views) -> None:
    forward = one.forward

    def told(*given: Any, **named: Any) -> str:
        arguments = {**dict(zip(one.inputs, given, strict=False)), **named}
        return views.shown(forward(*given, **named), tool=one.name, arguments=arguments)

    one.forward = told
    one.output_type = "string"


def _others(agent: MultiStepAgent) -> Iterator[Any]:
    """The system prompt and the steps that are no actions: tasks, plans."""
    yield agent.memory.system_prompt
    yield from (one for one in agent.memory.steps if not isinstance(one, ActionStep))


def _said(step: ActionStep) -> Iterator[str]:
    """What of a step a model reads besides its observations."""
    yield str(step.model_output or "")
    yield str([call.dict() for call in step.tool_calls]) if step.tool_calls else ""
    yield str(step.error.message) if step.error else ""


def _text(message: Any) -> str:
    content = message.content
    return content if isinstance(content, str) else "\n".join(str(part.get("text", "")) for part in content or [])


def _shown(step: ActionStep, window: Window) -> Shown:
    call = (step.tool_calls or [None])[0]
    name = call.name if call else "step"
    arguments = call.arguments if call and isinstance(call.arguments, dict) else {}
    number = str(step.step_number)
    return Shown(number, number, step.observations or "", name, arguments, window.count(*_said(step)))
