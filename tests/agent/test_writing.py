"""A back end as the writer of the summarizers' optional pass."""

import pytest
from hostile import thirds

from agent.errors import AgentError, ContextExceeded, OutOfMemory
from agent.messages import Choice, Message, Prompt, Reply
from agent.models import ScriptedModel
from agent.writing import ModelWriter
from summarizers import NotWritten


def test_a_model_writes_words_and_no_calls() -> None:
    """One user message, no tools, the tokens asked for; loaded when first asked and then kept."""
    model = ScriptedModel(["It is layer 17.", "Again."], counter=thirds())
    loads: list[ScriptedModel] = []

    def load() -> ScriptedModel:
        loads.append(model)
        return model

    writer = ModelWriter("m", load)
    assert loads == []
    assert [writer.write("Which?", 40), writer.write("Which?", 40)] == ["It is layer 17.", "Again."]
    assert len(loads) == 1
    fed = model.fed[0]
    assert ([message.content for message in fed.messages], fed.tools, fed.max_new_tokens) == (["Which?"], (), 40)
    assert fed.choice == Choice(tools=(), text=True)


@pytest.mark.parametrize(
    "error",
    [
        ContextExceeded(input_tokens=9, max_new_tokens=1, context_tokens=8),
        OutOfMemory(input_tokens=9, max_new_tokens=1, requested_bytes=None),
        AgentError("after 9 prompt tokens the server went away"),
    ],
)
def test_a_model_that_fails_writes_nothing(error: Exception) -> None:
    """No room, no memory, no server: that is no reply, and no failure of the summary."""

    class Full(ScriptedModel):
        def generate(self, prompt: Prompt, *, max_new_tokens: int, choice: Choice, seed: int = 0) -> Reply:
            raise error

    with pytest.raises(NotWritten, match=r"9 prompt"):
        ModelWriter("m", lambda: Full([], counter=thirds())).write("Which?", 1)


def test_a_summary_s_own_call_obeys_the_ceiling() -> None:
    """Prompt as the model's template renders it and reply are counted by the model; above it nothing is generated."""
    model = ScriptedModel(lambda _: "It is layer 17.", counter=thirds())
    prompt = model.prompt([Message(role="user", content="Which?" * 9)], ())
    needed = len(prompt.tokens) + 40
    assert ModelWriter("m", lambda: model, ceiling_tokens=needed).write("Which?" * 9, 40) == "It is layer 17."
    with pytest.raises(NotWritten, match=str(needed - 1)):
        ModelWriter("m", lambda: model, ceiling_tokens=needed - 1).write("Which?" * 9, 40)
    assert len(model.fed) == 1
