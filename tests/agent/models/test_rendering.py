"""Chat templates of every temper: what each is given, and which are refused."""

import pytest
from conftest import PLAIN_CHAT, TOOL_CHAT, Words, small_tokenizer

from agent.errors import BadModel
from agent.messages import Message, ToolCall, ToolSpec
from agent.models.rendering import ChatTemplate

OPEN = ToolSpec("open", "Opens.", {"type": "object", "properties": {"address": {"type": "string"}}})
_ALTERNATING = (
    "{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate') }}{% endif %}"
)
NO_SYSTEM = (
    "{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    "{% for m in messages %}" + _ALTERNATING + "<|im_start|>{{ m.role }}\n{{ m.content | trim }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SYSTEM_IN_USER = (
    "{% if messages[0].role == 'system' %}{% set said = messages[0].content %}{% set rest = messages[1:] %}"
    "{% else %}{% set said = '' %}{% set rest = messages %}{% endif %}"
    "{% for m in rest %}"
    + _ALTERNATING
    + "{% if m.role == 'user' %}[INST] {{ said if loop.first }}{{ m.content }} [/INST]"
    "{% else %}{{ m.content }}{{ eos_token }}{% endif %}{% endfor %}"
)
TOOLS_MOVE = (
    "{% set asked = messages | selectattr('role', 'equalto', 'user') | list %}{% for m in messages %}"
    "{% if m.role == 'user' and m == asked[-1] and tools %}<tools>{{ tools | tojson }}</tools>{% endif %}"
    "<|im_start|>{{ m.role }}\n{{ m.content }}{% for c in m.tool_calls or [] %}<tool_call>\n"
    '{"name": "{{ c.function.name }}", "arguments": {{ c.function.arguments | tojson }}}\n</tool_call>{% endfor %}'
    "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
NEEDS_IDS = TOOL_CHAT.replace(
    "<tool_call>\n", "{% if not c.id %}{{ raise_exception('no id') }}{% endif %}<tool_call>\n"
)
CONVERSATION = [
    Message("system", "Look closely."),
    Message("user", "Which layer?"),
    Message("assistant", "", (ToolCall("open", {"address": "r1"}),)),
    Message("tool", "layer 3", name="open"),
    Message("user", "Room is short."),
    Message("user", "Go on."),
    Message("assistant", "It is layer 3."),
    Message("user", "Sure?"),
]


def _template(text: str) -> ChatTemplate:
    tokenizer = small_tokenizer(text, tags=True)
    return ChatTemplate(tokenizer, templates=Words(), mask_data=str, mask_own=str)


@pytest.mark.parametrize(
    "text", [PLAIN_CHAT, TOOL_CHAT, NO_SYSTEM, SYSTEM_IN_USER, TOOLS_MOVE, NEEDS_IDS], ids=lambda text: text[:24]
)
def test_whatever_a_template_demands_all_that_was_said_comes_out(text: str) -> None:
    """System prompt, tools, calls, answers and remarks stand in order, and a longer prompt extends a shorter one."""
    template = _template(text)
    whole = template.render(CONVERSATION, [OPEN])
    said = ["Look closely.", "Which layer?", '{"address": "r1"}', "layer 3", "Room is short.", "Go on.", "Sure?"]
    places = [whole.find(part) for part in said]
    assert -1 not in places
    assert places == sorted(places)
    assert '"Opens."' in whole
    for count in (2, 6):
        assert whole.startswith(template.render(CONVERSATION[:count], [OPEN]))


def test_tools_are_given_as_the_template_knows_them_where_that_works() -> None:
    """A template that moves its tools about, or wants what a call does not have, is spared its own way."""
    known = {text: _template(text).knows_tools for text in (TOOL_CHAT, PLAIN_CHAT, TOOLS_MOVE, NEEDS_IDS)}
    assert known == {TOOL_CHAT: True, PLAIN_CHAT: False, TOOLS_MOVE: False, NEEDS_IDS: False}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{% for m in messages %}{{ m.nothing.at.all }}{% endfor %}", "has no attribute"),
        ("{% for m in messages %}{{ m.content ", "unexpected end"),
        ("Hello.", "leaves messages out"),
        ("{% for m in messages %}{{ m.content + 3 }}{% endfor %}", "concatenate"),
    ],
)
def test_a_template_that_cannot_is_refused_with_its_problem(text: str, problem: str) -> None:
    """One sentence before anything is generated."""
    with pytest.raises(BadModel, match=problem) as caught:
        _template(text)
    assert "chat_template.jinja" in str(caught.value)
