"""Local models: what they load, refuse and reply."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from transformers import BertConfig

from agent.errors import BadModel, ContextExceeded
from agent.messages import Choice, Message, ToolSpec
from agent.models import load_model
from agent.models.checkpoint import best_dtype
from agent.models.local import LocalModel
from agent.models.untooled import Renderer

OPEN = ToolSpec(
    "open", "Opens.", {"type": "object", "properties": {"address": {"type": "string"}}, "required": ["address"]}
)
ASK = [Message("user", "Which layer?")]


def test_a_model_says_what_it_is(llama_folder: Path, words: Renderer) -> None:
    """Name, context and counter are those of the folder."""
    model = load_model(llama_folder, device="cpu", templates=words)
    assert model.name == llama_folder.name
    assert model.context_tokens == 4096
    assert model.counter.name.startswith(llama_folder.name)
    assert model.counter.count("layer 17") > 0


def test_a_due_call_comes_and_fits_its_limit(model: LocalModel) -> None:
    """Even a random network calls the tool, with its required argument, within the limit of new tokens."""
    prompt = model.prompt(ASK, [OPEN])
    for limit in (45, 60, 200):
        reply = model.generate(prompt, max_new_tokens=limit, choice=Choice((OPEN,), text=False))
        assert reply.problem is None
        assert [call.name for call in reply.calls] == ["open"]
        assert set(reply.calls[0].arguments) == {"address"}
        assert reply.new_tokens <= limit


def test_a_call_cut_by_the_limit_is_a_problem(model: LocalModel) -> None:
    """Where not even the shortest call fits, the reply says so; nothing is raised."""
    reply = model.generate(model.prompt(ASK, [OPEN]), max_new_tokens=4, choice=Choice((OPEN,), text=False))
    assert reply.calls == ()
    assert "cut off" in (reply.problem or "")
    assert reply.new_tokens <= 4


def test_text_comes_where_no_call_is_wanted(model: LocalModel) -> None:
    """Without tools the reply is text; running into the limit is no problem."""
    reply = model.generate(model.prompt(ASK, []), max_new_tokens=12, choice=Choice((), text=True))
    assert reply.content.strip()
    assert (reply.calls, reply.problem) == ((), None)


def test_the_same_seed_gives_the_same_reply(llama_folder: Path, words: Renderer) -> None:
    """Sampling is repeatable, and another seed may differ."""
    model = LocalModel(llama_folder, device="cpu", temperature=1.0, templates=words)
    prompt = model.prompt(ASK, [])
    said = [
        model.generate(prompt, max_new_tokens=16, choice=Choice((), text=True), seed=seed).content for seed in (1, 1, 2)
    ]
    assert said[0] == said[1] != said[2]


def test_what_is_said_can_be_shown_live(llama_folder: Path, words: Renderer) -> None:
    """Every piece of text is handed over as it comes."""
    shown: list[str] = []
    model = LocalModel(llama_folder, device="cpu", templates=words, on_text=shown.append)
    reply = model.generate(model.prompt(ASK, [OPEN]), max_new_tokens=60, choice=Choice((OPEN,), text=False))
    assert "".join(shown) == reply.content


def test_dropping_the_cache_changes_no_reply(model: LocalModel) -> None:
    """After drop_cache the same prompt gives the same reply, computed anew."""
    prompt = model.prompt(ASK, [OPEN])
    first = model.generate(prompt, max_new_tokens=20, choice=Choice((), text=True))
    model.drop_cache()
    again = model.generate(prompt, max_new_tokens=20, choice=Choice((), text=True))
    assert again.content == first.content
    assert again.reused_tokens == 0


def test_more_than_the_context_is_refused(llama: LocalModel) -> None:
    """Prompt and reply beyond the model's own context are an error with the numbers."""
    prompt = llama.prompt(ASK, [])
    with pytest.raises(ContextExceeded) as caught:
        llama.generate(prompt, max_new_tokens=4096, choice=Choice((), text=True))
    assert caught.value.input_tokens == len(prompt.tokens)


def broken(folder: Path, target: Path, *, without: str) -> Path:
    """A copy of a model folder that lacks some files."""
    shutil.copytree(folder, target)
    for path in target.glob(without):
        path.unlink()
    return target


@pytest.mark.parametrize(
    ("without", "part"),
    [
        ("config.json", "no config.json"),
        ("*tokenizer*", "no tokenizer"),
        ("*.safetensors", "weights"),
        ("chat_template*", "no chat template"),
    ],
)
def test_an_incomplete_folder_is_named_with_a_remedy(
    llama_folder: Path, tmp_path: Path, without: str, part: str, words: Renderer
) -> None:
    """What a folder lacks is said in one sentence."""
    with pytest.raises(BadModel, match=part) as caught:
        LocalModel(broken(llama_folder, tmp_path / "m", without=without), device="cpu", templates=words)
    assert "\n" not in str(caught.value)


def test_a_folder_without_chat_template_is_refused(base_folder: Path, words: Renderer) -> None:
    """A base model cannot hold a conversation."""
    with pytest.raises(BadModel, match="no chat template"):
        LocalModel(base_folder, device="cpu", templates=words)


def test_a_model_that_writes_no_text_is_refused(llama_folder: Path, tmp_path: Path, words: Renderer) -> None:
    """An encoder is no causal language model."""
    folder = broken(llama_folder, tmp_path / "bert", without="config.json")
    (folder / "config.json").write_text(json.dumps({**BertConfig().to_dict(), "model_type": "clip_vision_model"}))
    with pytest.raises(BadModel, match="causal language model"):
        LocalModel(folder, device="cpu", templates=words)


def test_a_path_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    """A missing folder is not mistaken for a hub id."""
    with pytest.raises(BadModel, match="no folder"):
        LocalModel(str(tmp_path / "nothing"), device="cpu")


def test_missing_weights_are_not_made_up(llama_folder: Path, tmp_path: Path, words: Renderer) -> None:
    """A checkpoint that lacks a tensor is refused instead of filled with random numbers."""
    from safetensors.torch import load_file, save_file

    folder = broken(llama_folder, tmp_path / "m", without="nothing")
    weights = load_file(folder / "model.safetensors")
    weights.pop("model.layers.1.mlp.down_proj.weight")
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(BadModel, match=r"lacks 1 of its weights, model\.layers\.1"):
        LocalModel(folder, device="cpu", templates=words)


def test_an_unknown_dtype_is_refused(llama_folder: Path) -> None:
    """A dtype is one of torch's floating-point ones."""
    with pytest.raises(BadModel, match="float33"):
        LocalModel(llama_folder, device="cpu", dtype="float33")


def test_half_precision_needs_native_support() -> None:
    """On a CPU the stored dtype is used only where the CPU computes in it."""
    able = torch.cpu.get_capabilities()
    expected = torch.bfloat16 if able.get("avx512_bf16") or able.get("amx_bf16") else torch.float32
    assert best_dtype(torch.device("cpu"), torch.bfloat16) == expected
    assert best_dtype(torch.device("cpu"), None) == torch.float32
    assert best_dtype(torch.device("mps"), torch.bfloat16) == torch.float16
