"""What a server can do, found out by asking it: call tools, and say how many tokens a prompt has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import CountUnknown, ServerFailed
from ..messages import Message, ToolCall, ToolSpec
from .counting import FOREIGN_MARGIN, OWN_MARGIN, Bound, CautiousCounter, Counting, LlamaCounting, exact_counting
from .endpoint import Endpoint
from .untooled import Renderer, Untooled
from .wire import Conversation, Form, NativeForm, WrittenForm

if TYPE_CHECKING:
    from pager import TokenCounter

_PARAMETERS = {"type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"]}
_TOOL = ToolSpec("look_around", "Says what stands at a place of the network.", _PARAMETERS)
_CALL = ToolCall(_TOOL.name, {"place": "layers[17]/mlp.down_proj"})
_HEAD = (Message("system", "You look into a network."), Message("user", "What stands in layer 17?"))
_SAMPLE = (
    '[{"layer": 17, "kurtosis": 187.23, "zeros": 0.0031}, {"layer": 18, "kurtosis": 3.11, "zeros": 0.0}]\n'
    "2024-05-01T12:00:03.127Z ERROR worker-3 timeout after 30000 ms: GET /v1/orders/8f3a-11\n"
    "    return self._norm(hidden_states) if index >= 4 else None\n"
    "The largest value of all weights is found in the layer that was named before, and nowhere else.\n"
)
_REQUEST = Message("user", f"Call {_TOOL.name} for layers[17].")
_TRIAL_TOKENS = 64
_TOLD = (*_HEAD, Message("assistant", "", (_CALL,)), Message("tool", _SAMPLE, name=_TOOL.name))
_UNTOLD = (*_HEAD, Message("assistant", "I look."), Message("user", _SAMPLE))
_TOLD_FRACTION = 0.5  # of what tools and a call weigh that must be in the prompt, or the template leaves them out


@dataclass(frozen=True, slots=True)
class Terms:
    """The form in which tools are put to a server, and how its prompts are counted."""

    form: Form
    counting: Counting


def agreed_terms(endpoint: Endpoint, tokenizer: str | None, templates: Renderer) -> Terms:
    """Ask the server for a few replies of one token, and go by what it reports.

    A server that takes tools may still serve a model whose chat template drops them without a word, or not hold it to
    them: tools are the server's business only where they are seen to cost tokens and to be called.

    Raises CountUnknown, ServerFailed, ContextExceeded.
    """
    plain = WrittenForm(Untooled(templates))
    small, untold = plain.conversation(_HEAD, ()), plain.conversation(_UNTOLD, ())
    exact = exact_counting(endpoint, small)
    bound = _bound(tokenizer)
    weigh = _Weighing(endpoint, exact, bound)
    told = NativeForm().conversation(_TOLD, (_TOOL,))
    native = weigh.tools_are_told(told, untold)
    form: Form = NativeForm(names_one=not isinstance(exact, LlamaCounting)) if native else plain
    if exact is not None:
        return Terms(form, _Lent(exact, bound.counter) if tokenizer else exact)
    large = form.conversation(_TOLD, (_TOOL,))
    return Terms(form, bound.fitted(small, large, (weigh.tokens(small), weigh.tokens(large))))


def _bound(tokenizer: str | None) -> Bound:
    from pager import counter

    if tokenizer is None:
        return Bound(CautiousCounter(counter()), FOREIGN_MARGIN)
    return Bound(counter(tokenizer), OWN_MARGIN)


@dataclass(frozen=True, slots=True)
class _Lent:
    """Prompts by the server's tokenizer, texts by the same one on this machine, which is quicker."""

    inner: Counting
    counter: TokenCounter

    def measured(self, conversation: Conversation) -> Any:
        return self.inner.measured(conversation)


@dataclass(frozen=True, slots=True)
class _Weighing:
    """The tokens of a conversation, by the server: its tokenizer's, or what it reports after one new token."""

    endpoint: Endpoint
    exact: Counting | None
    bound: Bound

    def tokens(self, conversation: Conversation) -> int:
        if self.exact is not None:
            return len(self.exact.measured(conversation).tokens)
        counted = len(self.bound.measured(conversation).tokens)
        completion = self.endpoint.complete(conversation.fields(), input_tokens=counted, max_new_tokens=1)
        reported = (completion.get("usage") or {}).get("prompt_tokens")
        if not isinstance(reported, int) or reported < 1:
            raise CountUnknown(
                f"{self.endpoint.address} neither lends its tokenizer (/tokenize) nor reports usage.prompt_tokens: "
                "the tokens of a prompt would be unknown, so nothing is generated. Serve the model with llama.cpp, "
                "vLLM, SGLang or Ollama."
            )
        return reported

    def tools_are_told(self, told: Conversation, untold: Conversation) -> bool:
        """Whether tools and calls reach the model's prompt in the server's own form."""
        try:
            many = self.tokens(told)
            called = self.calls_when_it_must()
        except ServerFailed as error:
            if error.status not in (400, 404, 422, 500, 501):
                raise
            return False
        weight = self.bound.raw(told) - self.bound.raw(untold)
        return called and many - self.tokens(untold) >= _TOLD_FRACTION * weight

    def calls_when_it_must(self) -> bool:
        """Whether a call that is required comes as one, or might have after more thinking than the trial allows.

        Some servers render tools and do not hold the model to them, and vLLM wants its tool parser switched on.
        """
        asked = NativeForm().conversation((*_HEAD[:1], _REQUEST), (_TOOL,))
        completion = self.endpoint.complete(
            {**asked.fields(), "tool_choice": "required", "temperature": 0},
            input_tokens=0,
            max_new_tokens=_TRIAL_TOKENS,
        )
        message = completion["choices"][0].get("message") or {}
        thinking = not message.get("content") and completion["choices"][0].get("finish_reason") == "length"
        return thinking or bool(NativeForm().read(message)[1].calls)
