"""The scripted model."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from agent.errors import ScriptEnded
from agent.messages import Choice, Message, ToolCall, ToolSpec
from agent.models import ScriptedModel

OPEN = ToolSpec("open", "Opens an address.", {"type": "object", "properties": {"address": {"type": "string"}}})
EITHER = Choice((OPEN,), text=True)


@dataclass(frozen=True)
class Words:
    """Counts words."""

    name: str = "words"

    def count(self, text: str) -> int:
        """How many words."""
        return len(text.split())


def scripted(*lines: object) -> ScriptedModel:
    return ScriptedModel(lines, counter=Words())  # type: ignore[arg-type]  # the lines of these tests are all valid


def test_replies_come_in_order_and_everything_fed_is_recorded() -> None:
    """Each generation takes the next line and leaves a record of its input."""
    model = scripted(ToolCall("open", {"address": "r1"}), "Layer 17.")
    messages = [Message("user", "Which layer?")]
    first = model.generate(model.prompt(messages, [OPEN]), max_new_tokens=50, choice=EITHER)
    messages += [Message("assistant", first.content, first.calls), Message("tool", "all zeros", name="open")]
    second = model.generate(model.prompt(messages, [OPEN]), max_new_tokens=50, choice=EITHER)
    assert first.calls == (ToolCall("open", {"address": "r1"}),)
    assert (second.content, second.calls, second.problem) == ("Layer 17.", (), None)
    assert [fed.messages for fed in model.fed] == [tuple(messages[:1]), tuple(messages)]
    assert model.fed[0].tools == (OPEN,)
    assert second.reused_tokens == len(model.fed[0].prompt.tokens)


def test_a_script_may_be_a_function_of_the_messages() -> None:
    """The reply can depend on what was fed."""

    def echo(messages: Sequence[Message]) -> str:
        return messages[-1].content.upper()

    model = ScriptedModel(echo, counter=Words())
    assert model.generate(model.prompt([Message("user", "hi")], []), max_new_tokens=9, choice=EITHER).content == "HI"


def test_a_longer_conversation_extends_the_prompt() -> None:
    """A prompt is a token prefix of the next one exactly when its text is."""
    model = scripted()
    old = model.prompt([Message("user", "a b")], [OPEN])
    new = model.prompt([Message("user", "a b"), Message("assistant", "c"), Message("user", "d")], [OPEN])
    other = model.prompt([Message("user", "a c"), Message("assistant", "c"), Message("user", "d")], [OPEN])
    assert new.text.startswith(old.text)
    assert new.tokens[: len(old.tokens)] == old.tokens
    assert other.tokens[: len(old.tokens)] != old.tokens


def test_tool_schemas_are_counted() -> None:
    """Schemas are part of the prompt and of its tokens."""
    model = scripted()
    messages = [Message("user", "hi")]
    assert len(model.prompt(messages, [OPEN]).tokens) > len(model.prompt(messages, []).tokens)


@pytest.mark.parametrize(
    ("line", "choice", "part"),
    [
        ("no call", Choice((OPEN,), text=False), "a tool call is needed"),
        (ToolCall("find", {}), EITHER, "find cannot be called now"),
        ("<tool_call>nonsense</tool_call>", EITHER, "not valid JSON"),
    ],
)
def test_what_the_choice_forbids_is_a_problem(line: object, choice: Choice, part: str) -> None:
    """Text where a call is due, another tool, and a broken call come back as a problem without calls."""
    model = scripted(line)
    reply = model.generate(model.prompt([Message("user", "go")], [OPEN]), max_new_tokens=50, choice=choice)
    assert reply.calls == ()
    assert part in (reply.problem or "")


def test_a_reply_is_cut_at_the_limit_of_new_tokens() -> None:
    """No reply is longer than allowed, and a call cut in the middle is a problem."""
    model = scripted("one two three four", ToolCall("open", {"address": "r1"}))
    prompt = model.prompt([Message("user", "go")], [OPEN])
    assert model.generate(prompt, max_new_tokens=2, choice=EITHER).new_tokens == 2
    cut = model.generate(prompt, max_new_tokens=3, choice=EITHER)
    assert cut.calls == ()
    assert "cut off" in (cut.problem or "")


def test_an_ended_script_says_so() -> None:
    """Asking for more than the script holds is an error with the number."""
    model = scripted()
    with pytest.raises(ScriptEnded, match="0 replies"):
        model.generate(model.prompt([], []), max_new_tokens=1, choice=EITHER)
