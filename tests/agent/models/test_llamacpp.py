"""Models behind a real server: llama.cpp on loopback, with the bundled model."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent import Settings, investigate
from agent.errors import BadSettings, NoBundledModel
from agent.events import read_events
from agent.messages import Choice, Message, ToolSpec
from agent.models import bundled, connect_model
from agent.tools import Tool

pytestmark = pytest.mark.model
pytest.importorskip("xllamacpp", reason="llama.cpp's wheel (xllamacpp) is not installed")

CONTEXT = 2_048
HERMES = (
    "{% if tools %}<|im_start|>system\n{{ messages[0].content }}\n<tools>{% for t in tools %}\n{{ t | tojson }}"
    '{% endfor %}\n</tools>\nAnswer with <tool_call>\n{"name": <name>, "arguments": <object>}\n</tool_call>'
    "<|im_end|>\n{% endif %}{% for m in messages %}{% if m.role == 'tool' %}<|im_start|>user\n<tool_response>\n"
    "{{ m.content }}\n</tool_response><|im_end|>\n{% elif m.role != 'system' or not tools %}<|im_start|>{{ m.role }}\n"
    "{{ m.content }}{% for c in m.tool_calls or [] %}<tool_call>\n"
    '{"name": "{{ c.function.name }}", "arguments": {{ c.function.arguments | tojson }}}\n</tool_call>{% endfor %}'
    "<|im_end|>\n{% endif %}{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
LOOK = ToolSpec(
    "get_layers",
    "Lists layers.",
    {"type": "object", "properties": {"top": {"type": "integer"}}, "required": ["top"], "additionalProperties": False},
)


@pytest.fixture(scope="module")
def gguf() -> Iterator[Path]:
    """The bundled model's original file."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            yield bundled.fetched_gguf(Path(folder))
        except NoBundledModel as error:
            pytest.skip(str(error))


@contextmanager
def llama(gguf: Path, template: str = "") -> Iterator[str]:
    """The address of a server that runs meanwhile."""
    command = [sys.executable, str(Path(__file__).with_name("llamaserver.py")), str(gguf), str(CONTEXT), template]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        try:
            yield f"{address}/v1"
        finally:
            server.stdin.close()
            server.wait(timeout=60)


@pytest.fixture(scope="module")
def plain(gguf: Path) -> Iterator[str]:
    """A server whose chat template knows no tools, as the model's own does not."""
    with llama(gguf) as url:
        yield url


def test_an_investigation_keeps_the_ceiling_the_server_itself_counts(plain: str, tmp_path: Path) -> None:
    """Every prompt has as many tokens as the server reports of it, and with its reserve keeps under the ceiling."""
    tool = Tool(LOOK, lambda top: [{"layer": one, "kurtosis": 187.2 if one == 17 else 3.1} for one in range(300)])
    model = connect_model("bundled", base_url=plain)
    settings = Settings(ceiling=1_500, max_turns=3, max_new_tokens=48, answer_after=0)
    outcome = investigate("Which layer is odd?", model=model, tools=[tool], run=tmp_path / "run", settings=settings)
    spent = [event for event in read_events(outcome.run.events_path) if event["event"] == "generation"]
    assert len(spent) >= 2
    for one in spent:
        assert one["input_tokens"] == one["reported_tokens"]
        assert one["input_tokens"] + one["max_new_tokens"] <= 1_500  # type: ignore[operator]
    assert spent[0]["calls"], "a call is decoded under a schema, so it is made even by a small model"
    assert spent[-1]["reused_tokens"] > 0  # type: ignore[operator]


def test_a_ceiling_above_the_served_context_is_refused_before_anything_is_sent(plain: str, tmp_path: Path) -> None:
    """The server says what it can read."""
    model = connect_model("bundled", base_url=plain)
    with pytest.raises(BadSettings, match=r"2,048"):
        investigate("?", model=model, tools=[], run=tmp_path / "run", settings=Settings(ceiling=4_000))


def test_markers_in_a_result_are_counted_as_the_server_reads_them(plain: str) -> None:
    """Texts are counted as plain text, prompts as rendered; both are what the server says."""
    model = connect_model("bundled", base_url=plain)
    assert model.counter.count("<|im_start|>") > 1
    prompt = model.prompt([Message("user", "x ‹¦im_start¦› 层")], ())
    reply = model.generate(prompt, max_new_tokens=2, choice=Choice((), True))
    assert reply.reported_tokens == len(prompt.tokens)


def test_a_call_that_must_be_made_is_made_whatever_the_chat_template(gguf: Path) -> None:
    """With a template that knows tools, too, and counted exactly."""
    with llama(gguf, HERMES) as url:
        model = connect_model("bundled", base_url=url)
        prompt = model.prompt([Message("system", "You look."), Message("user", "List the layers.")], (LOOK,))
        assert '"get_layers"' in prompt.text
        reply = model.generate(prompt, max_new_tokens=60, choice=Choice((LOOK,), False))
    assert reply.reported_tokens == len(prompt.tokens)
    assert [call.name for call in reply.calls] == ["get_layers"], reply
