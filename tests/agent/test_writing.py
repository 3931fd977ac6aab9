"""A back end as the writer of the summarizers' optional pass."""

import pytest
from hostile import thirds

from agent.chat import Choice, Prompt, Reply
from agent.errors import ContextExceeded, OutOfMemory
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
    ],
)
def test_a_model_without_room_writes_nothing(error: Exception) -> None:
    """What a smaller prompt would mend is no reply, and no failure of the summary."""

    class Full(ScriptedModel):
        def generate(self, prompt: Prompt, *, max_new_tokens: int, choice: Choice, seed: int = 0) -> Reply:
            raise error

    with pytest.raises(NotWritten, match=r"9 prompt"):
        ModelWriter("m", lambda: Full([], counter=thirds())).write("Which?", 1)
