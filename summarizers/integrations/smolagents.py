"""The pager around the tools and steps of smolagents' agents (`smolagents` 1.x)."""

import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from smolagents import ActionStep, MultiStepAgent, Tool

from ..paged import shared_views
from ..views import VERBS, Verb, Views
from ..window import Fitted, Shown, Window


def paged_tools(tools: Sequence[Tool], views: Views | None = None) -> list[Tool]:
    """A tool-calling agent's tools, long results told by their cards, and `open`, `find` and `query` beside them.

    The tools are changed in place. Images and audio pass as they are. A `CodeAgent` works on values, so give it its
    tools as they are with `verb_tools`, and the `StepCallback`. Without `views` results are kept in `.toolpager`
    (`shared_views()`).
    """
    views = views or shared_views()
    for one in tools:
        if one.name not in VERBS and one.output_type not in ("image", "audio"):
            _page(one, views)
    return [*tools, *verb_tools(views)]


def verb_tools(views: Views | None = None) -> list[Tool]:
    """`open`, `find` and `query`."""
    return [_Verb(verb) for verb in (views or shared_views()).verbs]


class StepCallback:
    """One of an agent's `step_callbacks`: keeps its memory, and so its next prompt, under `ceiling_tokens`.

    A long observation becomes a card; those of earlier steps are shortened in the agent's memory, several at once
    (`Window`), and at last say nothing more. What a step's code printed counts as its result. Raises CeilingExceeded
    where the memory can't be made to fit.
    """

    def __init__(self, views: Views | None = None, *, ceiling_tokens: int, reserve_tokens: int = 1024) -> None:
        self._views = views or shared_views()
        self._window = Window(self._views, ceiling_tokens=ceiling_tokens, reserve_tokens=reserve_tokens)
        self._taken: WeakKeyDictionary[MultiStepAgent, _Taken] = WeakKeyDictionary()

    def __call__(self, step: ActionStep, agent: MultiStepAgent) -> None:
        """Shorten what is old, once a step is done."""
        window, taken = self._window, self._taken.setdefault(agent, _Taken({}))
        if step.token_usage is not None and taken.fitted is not None:
            window.report(step.token_usage.input_tokens, taken.fitted)
        self._told(step)
        steps = [one for one in agent.memory.steps if isinstance(one, ActionStep)]
        steps += [] if any(one is step for one in steps) else [step]
        taken.keep(steps, window)
        shown = [taken.results[id(one)].shown for one in steps if id(one) in taken.results]
        schemas = [[one.name, one.description, one.inputs] for one in agent.tools.values()]
        others: list[object] = [_text(message) for other in _others(agent) for message in other.to_messages()]
        others += [[b"image"] * len(one.observations_images) for one in steps if one.observations_images]
        said = [text for one in steps for text in taken.said(one)]
        taken.fitted = fitted = window.fit(shown, other_tokens=window.count(*others, *said, *schemas))
        for one in steps:
            if id(one) in taken.results:
                taken.results[id(one)].put(fitted)

    def _told(self, step: ActionStep) -> None:
        """A long observation as its card."""
        name, arguments = _call(step)
        if step.observations and self._views.address_in(step.observations) is None and name not in VERBS:
            step.observations = self._views.shown(step.observations, tool=name, arguments=arguments)


@dataclass(slots=True)
class _Result:
    """A step's result as it was when the step was done: what is shortened is always that, never what is left of it."""

    step: ActionStep
    shown: Shown
    said: tuple[str, ...]

    def put(self, fitted: Fitted) -> None:
        """Say in the memory what is said now."""
        if self.shown.turn in fitted.folded:
            self.step.observations = self.step.model_output = self.step.tool_calls = None
        else:
            self.step.observations = fitted.texts.get(self.shown.id, self.shown.text)


@dataclass(slots=True)
class _Taken:
    """The results in one agent's memory, by the identity of their steps, and what came of the last fit."""

    results: dict[int, _Result]
    fitted: Fitted | None = None
    made: int = 0

    def keep(self, steps: Sequence[ActionStep], window: Window) -> None:
        """Take in the steps that are new, and forget those that left the memory."""
        held = {id(one): self.results.get(id(one)) for one in steps}
        self.results = {}
        for one in steps:
            if (known := held[id(one)]) is not None:
                self.results[id(one)] = known
            elif one.observations:
                name, arguments = _call(one)
                said = tuple(_said(one))
                number, self.made = str(self.made), self.made + 1
                shown = Shown(
                    number,
                    number,
                    one.observations,
                    name,
                    arguments,
                    window.count(*said),
                    bool(one.observations_images),
                )
                self.results[id(one)] = _Result(one, shown, said)

    def said(self, step: ActionStep) -> Sequence[str]:
        """What a model reads of a step, or read before it was folded, besides its result."""
        known = self.results.get(id(step))
        return tuple(_said(step)) if known is None else known.said


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


def _call(step: ActionStep) -> tuple[str, dict[str, Any]]:
    """The tool that a step called first, and with what."""
    call = (step.tool_calls or [None])[0]
    arguments = call.arguments if call and isinstance(call.arguments, dict) else {}
    return call.name if call else "step", arguments
