"""Models behind servers, by a server that does as it is told."""

import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fakeserver import Body, FakeServer, Refusal, serving, wordy

from agent import Settings, investigate, resume
from agent.errors import BadInput, ContextExceeded, CountUnknown, ServerFailed
from agent.events import read_events
from agent.messages import Choice, Message, ToolCall, ToolSpec
from agent.models import bundled_model, connect_model
from agent.models.overlong import is_overlong, named_context
from agent.models.served import ServedModel
from agent.tools import Tool
from pager import counter

LOOK = ToolSpec("look", "Looks.", {"type": "object", "properties": {"at": {"type": "string"}}, "required": ["at"]})
SOURCE = Path(__file__).read_text(encoding="utf-8")
KEY = "sk-a-key-that-nobody-may-read"
TOO_LONG = [
    (400, "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens (4000 in the "
     "messages, 1000 in the completion). Please reduce the length of the messages or completion.", 4096),
    (400, "This model's maximum context length is 128000 tokens. However, your messages resulted in 204308 tokens.",
     128000),
    (400, "request (6031 tokens) exceeds the available context size (4096 tokens), try increasing it", 4096),
    (400, "The input (5000 tokens) is longer than the model's context length (4096 tokens).", 4096),
    (400, "Requested token count exceeds the model's maximum context length of 4,096 tokens.", 4096),
    (422, "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 `inputs` tokens",
     4096),
    (400, "prompt is too long: 210000 tokens > 200000 maximum", 200000),
    (400, "input length and `max_tokens` exceed context limit: 199759 + 8192 > 200000, decrease input length", 200000),
    (400, "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
     32768),
    (400, "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).", 1048576),
    (400, "too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 9000.", 4081),
    (400, "Please reduce the length of the messages or completion.", None),
    (400, "Your input exceeds the context window of this model. Please adjust your input and try again.", None),
    (400, "Input is too long for requested model.", None),
    (400, "max_tokens must be at least 1, got -904.", None),
    (413, "Request too large for model on tokens per minute: Limit 6000, Requested 9000", None),
    (500, "the input length exceeds the context length", None),
]  # fmt: skip
NOT_TOO_LONG = [
    (401, "Incorrect API key provided."),
    (429, "Rate limit reached: 30000 tokens per minute. Please try again in 2s."),
    (400, "Unsupported parameter: 'max_tokens' is not supported with this model."),
    (400, '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'),
    (404, "The model `m` does not exist."),
    (400, "Invalid schema for function 'look': 'at' is not of type object"),
]


@pytest.fixture
def fake() -> Iterator[FakeServer]:
    """A server that answers every prompt in words."""
    made = FakeServer()
    with serving(made) as url:
        made.url = url
        yield made


def model_of(fake: FakeServer, **options: Any) -> ServedModel:
    """The model that a fake serves."""
    return connect_model("m", base_url=fake.url, **options)


def calling(name: str, **arguments: object) -> Body:
    """A message with one call, as servers write it."""
    function = {"name": name, "arguments": json.dumps(arguments)}
    return {"content": None, "tool_calls": [{"id": "x", "type": "function", "function": function}]}


@pytest.mark.parametrize(("status", "message", "context"), TOO_LONG)
def test_every_wording_of_too_long_is_recognised_with_the_context_it_names(
    status: int, message: str, context: int | None
) -> None:
    """What vLLM, SGLang, llama.cpp, TGI, Ollama and hosted models say of a prompt that is too long."""
    assert is_overlong(status, message)
    assert named_context(message) == context


@pytest.mark.parametrize(("status", "message"), NOT_TOO_LONG)
def test_other_refusals_are_not_taken_for_too_long(status: int, message: str) -> None:
    """A bad key, a rate limit, an unknown option or model are none of it."""
    assert not is_overlong(status, message)


def test_calls_travel_as_tool_calls_and_answers_by_their_ids(fake: FakeServer) -> None:
    """A call and its answer share an id of nine characters, and the arguments come back as JSON values."""
    fake.reply = lambda body: calling("look", at="r1")
    model = model_of(fake)
    talk = [Message("system", "s"), Message("user", "q"), Message("assistant", "", (ToolCall("look", {"at": "é"}),))]
    talk.append(Message("tool", "nothing", name="look"))
    reply = model.generate(model.prompt(talk, (LOOK,)), max_new_tokens=50, choice=Choice((LOOK,), False))
    assert reply.calls == (ToolCall("look", {"at": "r1"}),)
    sent = fake.asked[-1]
    call, answer = sent["messages"][2]["tool_calls"][0], sent["messages"][3]
    assert (len(call["id"]), json.loads(call["function"]["arguments"])) == (9, {"at": "é"})
    assert answer["tool_call_id"] == call["id"]
    assert sent["tool_choice"] == {"type": "function", "function": {"name": "look"}}
    assert sent["max_tokens"] == 50


def test_a_template_that_drops_tools_gets_them_written_out(fake: FakeServer) -> None:
    """Where tools cost no tokens the model never saw them: they go into the system message, calls under a schema."""
    fake.count = lambda body: sum(len(str(one.get("content") or "")) // 3 for one in body["messages"])
    fake.reply = lambda body: {"content": '{"name": "look", "arguments": {"at": "r1"}}'}
    model = model_of(fake)
    prompt = model.prompt([Message("system", "s"), Message("user", "q")], (LOOK,))
    reply = model.generate(prompt, max_new_tokens=50, choice=Choice((LOOK,), True))
    assert reply.calls == (ToolCall("look", {"at": "r1"}),)
    sent = fake.asked[-1]
    assert "tools" not in sent
    assert "look" in sent["messages"][0]["content"]
    forms = sent["response_format"]["json_schema"]["schema"]["anyOf"]
    assert [list(form["properties"]) for form in forms] == [["name", "arguments"], ["answer"]]


def test_a_server_that_does_not_hold_the_model_to_a_required_call_gets_them_written_out(fake: FakeServer) -> None:
    """Tools that are rendered and never enforced are no use to a small model: a schema is."""
    fake.obeys = False
    model = model_of(fake)
    model.generate(model.prompt([Message("user", "q")], (LOOK,)), max_new_tokens=50, choice=Choice((LOOK,), False))
    assert "response_format" in fake.asked[-1]
    assert "tools" not in fake.asked[-1]


def test_a_server_without_tools_is_served_in_words(fake: FakeServer) -> None:
    """A refusal of tools is no end: the written form is taken."""

    def reply(body: Body) -> Body:
        if "tools" in body or "tool_choice" in body:
            raise Refusal(400, {"error": {"message": "m does not support tools"}})
        return {"content": '{"answer": "layer 17"}'}

    fake.reply = reply
    model = model_of(fake)
    prompt = model.prompt([Message("user", "q")], (LOOK,))
    assert model.generate(prompt, max_new_tokens=9, choice=Choice((LOOK,), True)).content == "layer 17"


def test_a_server_without_tools_is_held_to_the_schema_of_a_reply(fake: FakeServer) -> None:
    """What is to be JSON is asked for under its schema, and comes back whole, an `answer` in it too."""
    wanted = {"type": "object", "properties": {"answer": {"type": "string"}}, "required": ["answer"]}

    def reply(body: Body) -> Body:
        if "tools" in body or "tool_choice" in body:
            raise Refusal(400, {"error": {"message": "m does not support tools"}})
        return {"content": '{"answer": "layer 17"}'}

    fake.reply = reply
    model = model_of(fake)
    prompt = model.prompt([Message("user", "q")], (LOOK,))
    said = model.generate(prompt, max_new_tokens=9, choice=Choice((), text=True, schema=wanted))
    assert said.content == '{"answer": "layer 17"}'
    assert fake.asked[-1]["response_format"]["json_schema"]["schema"] == wanted


def test_an_option_that_the_server_does_not_know_is_left_out(fake: FakeServer) -> None:
    """`max_tokens` goes by its newer name and a fixed temperature is not asked for, where a server refuses them."""

    def reply(body: Body) -> Body:
        for name in ("max_tokens", "temperature"):
            if name in body:
                raise Refusal(400, {"error": {"message": f"Unsupported parameter: '{name}'.", "param": name}})
        return {"content": "It is layer 17."}

    fake.reply = reply
    model = model_of(fake)
    prompt = model.prompt([Message("user", "q")], ())
    assert model.generate(prompt, max_new_tokens=9, choice=Choice((), True)).content == "It is layer 17."
    assert fake.asked[-1]["max_completion_tokens"] == 9
    assert "temperature" not in fake.asked[-1]


def test_a_call_cut_off_at_the_limit_is_a_problem_and_no_half_call(fake: FakeServer) -> None:
    """`finish_reason: length` with a call makes no call."""
    fake.reply = lambda body: calling("look", at="r1")
    fake.finish = "length"
    model = model_of(fake)
    reply = model.generate(
        model.prompt([Message("user", "q")], (LOOK,)), max_new_tokens=9, choice=Choice((LOOK,), True)
    )
    assert reply.calls == ()
    assert reply.problem is not None
    assert "cut off" in reply.problem


@pytest.mark.model
@pytest.mark.parametrize(
    "text",
    ["word " * 400, "0.12345 -17 " * 200, "层的峰度最大" * 200, '{"a": [1, {"b": null}]}' * 99, "x" * 3000, SOURCE],
    ids=["prose", "digits", "chinese", "json", "one letter", "code"],
)
def test_a_bound_is_never_below_what_a_real_tokenizer_counts(fake: FakeServer, text: str) -> None:
    """With tokenizer and template unknown, the count of a prompt is at least what the server would report."""
    unknown = counter(bundled_model())
    fake.count = lambda body: sum(unknown.count(one["content"] or "") + 6 for one in body["messages"])
    model = model_of(fake)
    talk = [Message("system", "You look."), Message("user", text)]
    reply = model.generate(model.prompt(talk, ()), max_new_tokens=9, choice=Choice((), True))
    assert reply.reported_tokens is not None
    assert reply.reported_tokens <= len(model.prompt(talk, ()).tokens)


def test_counts_grow_where_the_server_reports_more(fake: FakeServer) -> None:
    """A prompt that was counted too low is counted as reported the next time."""
    model = model_of(fake)
    fake.count = lambda body: 5_000
    talk = [Message("user", "q" * 300)]
    before = len(model.prompt(talk, ()).tokens)
    model.generate(model.prompt(talk, ()), max_new_tokens=9, choice=Choice((), True))
    assert before < 5_000 <= len(model.prompt(talk, ()).tokens)


def test_a_server_that_lends_its_tokenizer_is_counted_exactly(fake: FakeServer) -> None:
    """vLLM's /tokenize says what a conversation will be reported as."""
    fake.lends = "vllm"
    model = model_of(fake)
    prompt = model.prompt([Message("system", "s"), Message("user", "what is it?")], (LOOK,))
    reply = model.generate(prompt, max_new_tokens=9, choice=Choice((LOOK,), True))
    assert len(prompt.tokens) == reply.reported_tokens


def test_unknown_counts_are_refused(fake: FakeServer) -> None:
    """No tokenizer lent and no usage reported: nothing is generated, and the error says what would help."""
    fake.count = lambda body: None
    with pytest.raises(CountUnknown, match="tokens of a prompt would be unknown"):
        model_of(fake)


def test_too_long_for_the_server_lowers_the_ceiling_and_the_run_goes_on(fake: FakeServer, tmp_path: Path) -> None:
    """One refusal for length is one smaller try, under the context that the server named."""
    model = model_of(fake)

    def reply(body: Body) -> Body:
        if wordy(body) + body["max_tokens"] > 1_400:
            raise Refusal(400, {"error": {"message": "This model's maximum context length is 1400 tokens."}})
        at = str(len(body["messages"]))
        return {"content": "It is layer 17."} if body["tool_choice"] == "none" else calling("look", at=at)

    fake.reply = reply
    outcome = investigate("where?", model=model, tools=[tool()], run=tmp_path / "r", settings=settings())
    assert outcome.answer == "It is layer 17."
    events = list(read_events(outcome.run.events_path))
    lowered = next(event for event in events if event["event"] == "memory")
    assert (lowered["ceiling"], lowered["lowered_to"]) == (2_500, 1_400)
    spent = [event for event in events if event["event"] == "generation"]
    assert all(one["input_tokens"] + one["max_new_tokens"] <= one["ceiling"] for one in spent)  # type: ignore[operator]
    assert spent[-1]["ceiling"] == 1_400
    assert all("reported_tokens" in one for one in spent)


def test_a_server_that_goes_away_leaves_a_run_that_goes_on(fake: FakeServer, tmp_path: Path) -> None:
    """After the client's tries the end is clear, and the folder resumes with a server that is back."""
    model = model_of(fake)
    fake.reply = lambda body: (_ for _ in ()).throw(Refusal(400, {"error": {"message": "the engine is dead"}}))
    with pytest.raises(ServerFailed, match="the engine is dead"):
        investigate("where?", model=model, tools=[tool()], run=tmp_path / "r", settings=settings())
    fake.reply = lambda body: {"content": "Layer 17."} if body["tool_choice"] == "none" else calling("look", at="r1")
    assert resume(tmp_path / "r", model=model, tools=[tool()]).answer == "Layer 17."


def test_nobody_listening_is_one_clear_sentence() -> None:
    """The address, how often it was tried, and what to do."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
        with pytest.raises(ServerFailed, match=r"cannot be reached, after 3 tries.*--resume"):
            connect_model("m", base_url=address)


def test_the_key_is_sent_and_written_nowhere(fake: FakeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key reaches the server alone: no event, prompt, report or error names it, though the server echoes it."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    model = model_of(fake)
    fake.reply = lambda body: (_ for _ in ()).throw(Refusal(401, {"error": {"message": f"Incorrect key: {KEY}"}}))
    with pytest.raises(ServerFailed) as caught:
        investigate("where?", model=model, tools=[tool()], run=tmp_path / "r", settings=settings())
    assert f"Bearer {KEY}" in fake.keys
    assert KEY not in str(caught.value)
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]


@pytest.mark.parametrize("address", ["http://me:secret@localhost/v1", "http://localhost/v1?key=secret", "localhost:80"])
def test_an_address_with_a_secret_or_without_a_scheme_is_refused(address: str) -> None:
    """A run's record names the address, so it may hold no password; and the secret is not repeated."""
    with pytest.raises(BadInput) as caught:
        connect_model("m", base_url=address)
    assert "secret" not in str(caught.value)


def test_the_context_is_read_from_what_the_server_lists(fake: FakeServer) -> None:
    """A ceiling above it can then be refused before anything is sent; a refusal without a number still counts."""
    assert model_of(fake).context_tokens == 32_000
    fake.models = [{"id": "m"}]
    model = model_of(fake)
    assert model.context_tokens is None
    fake.reply = lambda body: (_ for _ in ()).throw(Refusal(400, {"error": {"message": "prompt is too long"}}))
    with pytest.raises(ContextExceeded) as caught:
        model.generate(model.prompt([Message("user", "q")], ()), max_new_tokens=9, choice=Choice((), True))
    assert caught.value.context_tokens is None


@pytest.mark.parametrize("resumed", [False, True], ids=["new", "resumed"])
def test_a_person_who_interrupts_a_run_is_told_how_it_goes_on(fake: FakeServer, tmp_path: Path, resumed: bool) -> None:
    """Ctrl-C in the midst of a generation; the folder that is named is one that can be resumed."""
    run, asked, answered, refusing = tmp_path / "a run", threading.Event(), threading.Event(), threading.Event()

    def reply(body: Body) -> Body:
        if refusing.is_set() and (run / "events.jsonl").exists():
            raise Refusal(401, {"error": {"message": "no more"}})
        if (run / "events.jsonl").exists():
            asked.set()
            answered.wait(30)
        return {"content": "It is layer 17."}

    fake.reply = reply
    command = [sys.executable, "-c", "from agent.cli import main; main()", "investigate"]
    served = ["--model", "openai:m", "--base-url", fake.url]
    first = [*command, "Which layer?", *served, "--run", str(run), "--ceiling", "4096"]
    if resumed:
        refusing.set()
        assert subprocess.run(first, capture_output=True, check=False, cwd=tmp_path).returncode == 2
        refusing.clear()
        first = [*command, "--resume", str(run)]
    with subprocess.Popen(first, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert asked.wait(60)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=30)[1]
    answered.set()
    assert process.returncode == 130
    assert "ceiling 4,096 (given): the model reads 32,000 tokens" in said or resumed
    assert said.endswith(f"interrupted; go on with: toolpager investigate --resume '{run}'\n")


def settings() -> Settings:
    """A small ceiling that leaves room for a result."""
    return Settings(ceiling=2_500, max_turns=4, max_new_tokens=64, answer_after=0)


def tool() -> Tool:
    """A tool whose result is a small table."""
    return Tool(LOOK, lambda at: {f"{at} {one}": "word " * 300 for one in range(20)})
