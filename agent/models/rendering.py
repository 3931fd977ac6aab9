"""Messages and tool schemas to the text of a prompt, by the model's own chat template wherever it can."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from summarizers import TemplateError

from ..errors import BadModel, first_line
from ..messages import Message, ToolCall, ToolSpec
from .formats import Family, parse_calls, write_calls
from .untooled import Mask, Renderer, Untooled

_PROBE = ToolSpec("probe_of_tool_support", "A probe.", {"type": "object", "properties": {"x": {"type": "string"}}})


_CALL = ToolCall(_PROBE.name, {"x": "y"})
_UNRENDERABLE = (TemplateError, TypeError, ValueError, LookupError, AttributeError)


@dataclass(frozen=True, slots=True)
class Form:
    """A way to put a conversation to a chat template: tools and calls its own way or ours, a system message or none."""

    family: Family
    knows_tools: bool
    takes_system: bool = True


class ChatTemplate:
    """Renders a conversation with the tokenizer's chat template.

    A template that knows tools renders them and the calls in its own `family`. For one that does not, or that would
    rewrite earlier messages, templates/tools.j2 goes into the system message, answers of tools become user messages and
    neighbours of one role one message; where it takes no system message, that opens the first user message.
    `mask_data` and `mask_own` make markers plain: all of them in what tools and users say, the role markers in
    everything else. Raises BadModel where there is no template or it can render no such conversation.
    """

    def __init__(self, tokenizer: Any, *, templates: Renderer, mask_data: Mask, mask_own: Mask) -> None:
        if not getattr(tokenizer, "chat_template", None):
            raise BadModel(
                f"{tokenizer.name_or_path} has no chat template: choose an instruct model, or put its "
                "chat_template.jinja into the folder."
            )
        self._tokenizer = tokenizer
        self._templates = templates
        self._mask_data = mask_data
        self._mask_own = mask_own
        self._form = self._fitting_form()

    @property
    def family(self) -> Family:
        """The form in which calls are written."""
        return self._form.family

    @property
    def knows_tools(self) -> bool:
        """Whether the template itself renders tools and calls."""
        return self._form.knows_tools

    def render(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> str:
        """The masked text of the prompt, ending where the assistant begins to speak."""
        if self.knows_tools:
            specs = [self._untooled.own_json(tool.schema()) for tool in tools]
            return self._apply([self._entry(message) for message in messages], specs)
        return self._apply(self._untooled.entries(messages, tools), [])

    def _apply(self, entries: list[dict[str, Any]], specs: list[Any]) -> str:
        text: str = self._tokenizer.apply_chat_template(
            entries, tools=specs or None, tokenize=False, add_generation_prompt=True
        )
        return text

    def _entry(self, message: Message) -> dict[str, Any]:
        """A message as templates that know tools take it."""
        if message.role == "tool":
            return {"role": "tool", "name": message.name or "tool", "content": self._untooled.answer(message.content)}
        mask = self._mask_data if message.role == "user" else self._mask_own
        entry: dict[str, Any] = {"role": message.role, "content": mask(message.content)}
        if message.calls and parse_calls(message.content).calls != message.calls:
            own_json = self._untooled.own_json
            functions = [{"name": call.name, "arguments": own_json(dict(call.arguments))} for call in message.calls]
            entry["tool_calls"] = [{"type": "function", "function": function} for function in functions]
        return entry

    @property
    def _untooled(self) -> Untooled:
        return Untooled(
            self._templates, self.family, self._form.takes_system, mask_data=self._mask_data, mask_own=self._mask_own
        )

    def _fitting_form(self) -> Form:
        """The first form in which a longer conversation extends a shorter one; else the first that renders at all."""
        native = self._native_family()
        plain = [Form("smollm", knows_tools=False), Form("smollm", knows_tools=False, takes_system=False)]
        forms = [Form(native, knows_tools=True), *plain] if native else plain
        rendering: list[Form] = []
        problem = ""
        for form in forms:
            self._form = form
            try:
                holds, extends = self._tried()
            except _UNRENDERABLE as error:
                problem = first_line(error)
                continue
            if holds and extends:
                return form
            rendering += [form] if holds else []
            problem = "it leaves messages out"
        if rendering:
            return rendering[0]
        raise BadModel(
            f"the chat template of {self._tokenizer.name_or_path} cannot render a conversation with tools: {problem}. "
            "Put a chat_template.jinja that can into the folder, or choose another instruct model."
        )

    def _tried(self) -> tuple[bool, bool]:
        """Whether a conversation as the loop has them comes out whole and in order, and extends its own beginning."""
        said = [
            Message("system", "probe one"),
            Message("user", "probe two"),
            Message("assistant", write_calls([_CALL], self.family), (_CALL,)),
            Message("tool", "probe three", name=_PROBE.name),
            Message("user", "probe four"),
            Message("assistant", "probe five"),
            Message("user", "probe six"),
            Message("user", "probe seven"),
        ]
        whole = self.render(said, [_PROBE])
        contents = ["probe one", "probe two", '"x": "y"', *(message.content for message in said[3:])]
        places = [whole.find(content) for content in contents]
        begun = [self.render(said[:count], [_PROBE]) for count in (2, 5)]
        return (
            _PROBE.name in whole and -1 not in places and places == sorted(places),
            all(whole.startswith(one) for one in begun),
        )

    def _native_family(self) -> Family | None:
        """The form in which the template writes calls; None when it knows no tools, or a form we cannot read."""
        ask = {"role": "user", "content": "x"}
        function = {"name": _PROBE.name, "arguments": {"x": "y"}}
        said = {"role": "assistant", "content": "", "tool_calls": [{"type": "function", "function": function}]}
        try:
            if _PROBE.name not in self._apply([ask], [_PROBE.schema()]):
                return None
            text = self._apply([ask, said, {"role": "tool", "name": _PROBE.name, "content": "z"}], [])
        except _UNRENDERABLE:
            return None
        if "<tool_call>" in text:
            return "hermes"
        return "llama" if '"parameters"' in text and _PROBE.name in text else None
