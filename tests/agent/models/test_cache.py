"""Every kind of KV cache, and attention without groups: the same tokens as the plain ones."""

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, DynamicCache

from agent.errors import BadModel, ModelTooLarge
from agent.memory import FreeMemory, Kernels, kernels_tried, shape_of
from agent.models import attention, checkpoint
from agent.models.attention import REPEATED, attention_for, register_repeated
from agent.models.cache import STEP_TOKENS, SteppedLayer, cache_bytes, new_cache
from agent.models.local import LocalModel
from agent.models.session import Session


@dataclass
class Greedy:
    """Always the likeliest token."""

    done: bool = False

    def pick(self, logits: torch.Tensor, *, room: int) -> list[int]:
        """One token."""
        return [int(logits.argmax())]


@pytest.fixture(params=["eager", "sdpa"])
def network(request: pytest.FixtureRequest, qwen_folder: Path) -> Any:
    """The small Qwen2 with either attention."""
    return AutoModelForCausalLM.from_pretrained(
        qwen_folder, dtype=torch.float32, attn_implementation=request.param
    ).eval()


def test_a_stepped_layer_holds_what_a_growing_one_would() -> None:
    """Whatever is added and cut off; the room grows by whole steps and is counted."""
    draw = random.Random(2)
    torch.manual_seed(0)
    ours, plain = SteppedLayer(), DynamicCache().layer_class_to_replicate()
    for _ in range(40):
        states = torch.randn(1, 2, draw.randrange(1, 90), 4), torch.randn(1, 2, 1, 4)
        keys, values = states[0], states[1].expand_as(states[0])
        for layer in (ours, plain):
            layer.update(keys, values)
        if cut := draw.randrange(0, ours.get_seq_length()) if draw.random() < 0.3 else 0:
            ours.crop(-cut)
            plain.crop(-cut)
        assert torch.equal(ours.keys, plain.keys)
        assert torch.equal(ours.values, plain.values)
    assert ours._key_room.shape[-2] % STEP_TOKENS == 0


def test_a_session_s_cache_is_counted_with_its_room(network: Any) -> None:
    """Two layers, two key heads of eight, in steps of 256 tokens, fp32."""
    session = Session(network)
    ids = [place % 250 for place in range(300)]
    session.generate(ids, Greedy(), max_new_tokens=1)
    assert session.held_for(ids).bytes == 2 * 2 * 2 * 8 * 4 * 512
    assert session.held_for([*ids[:100], 299]).reused_tokens == 100
    session.drop()
    assert session.held_for([1]).bytes == 0


def test_greedy_output_is_that_of_transformers_own_cache(network: Any) -> None:
    """Token by token, prefilled in chunks and over turns."""
    ids = [random.Random(3).randrange(300) for _ in range(400)]
    said = Session(network, chunk_tokens=64).generate(ids, Greedy(), max_new_tokens=8)
    batch = torch.tensor([ids])
    theirs = network.generate(batch, attention_mask=torch.ones_like(batch), max_new_tokens=8, do_sample=False)
    assert list(said.tokens) == theirs[0, 400:].tolist()[: len(said.tokens)]


def test_a_quantized_cache_is_four_times_smaller_and_starts_anew_after_an_edit(qwen_folder: Path) -> None:
    """A prompt that extends the last one reuses it; an edited one does not, and is the same as without a past."""
    network = AutoModelForCausalLM.from_pretrained(qwen_folder, dtype=torch.float32).eval()
    session = Session(network, kv_cache="quantized", chunk_tokens=64)
    ids = [place % 300 for place in range(512)]
    first = session.generate(ids, Greedy(), max_new_tokens=1)
    plain = Session(network, chunk_tokens=64)
    plain.generate(ids, Greedy(), max_new_tokens=1)
    assert session.held_for(ids).bytes * 4 == plain.held_for(ids).bytes
    longer = session.generate([*ids, *first.tokens, 5, 6], Greedy(), max_new_tokens=2)
    assert longer.reused_tokens == 512
    edited = session.generate([*ids[:100], 9, *ids[101:]], Greedy(), max_new_tokens=2)
    assert edited.reused_tokens == 0
    anew = Session(network, kv_cache="quantized", chunk_tokens=64).generate(
        [*ids[:100], 9, *ids[101:]], Greedy(), max_new_tokens=2
    )
    assert edited.tokens == anew.tokens


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine can offload")
def test_an_offloaded_cache_without_cuda_is_refused(qwen_folder: Path) -> None:
    """At the start, with what to choose instead."""
    with pytest.raises(BadModel, match="needs CUDA"):
        LocalModel(qwen_folder, kv_cache="offloaded")


def test_ungrouped_attention_gives_the_logits_of_sdpa(qwen_folder: Path) -> None:
    """Alone and after a cached past; torch is never asked for grouped heads."""
    register_repeated()
    logits = []
    for name in ("sdpa", REPEATED):
        network = AutoModelForCausalLM.from_pretrained(
            qwen_folder, dtype=torch.float32, attn_implementation=name
        ).eval()
        cache = new_cache("dynamic", network.config)
        with torch.inference_mode():
            for start in (0, 40):
                batch = torch.arange(start, start + 40)[None]
                logits.append(network(input_ids=batch, cache=cache, use_cache=True).logits)
        assert cache_bytes(cache) > 0
    torch.testing.assert_close(logits[0], logits[2])
    torch.testing.assert_close(logits[1], logits[3])


def test_grouped_heads_are_repeated_where_they_would_need_the_math_kernel(
    qwen_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On CUDA only; elsewhere, and for eager, what was asked for stays."""
    config = AutoModelForCausalLM.from_pretrained(qwen_folder).config
    cuda, cpu = torch.device("cuda"), torch.device("cpu")
    monkeypatch.setattr(attention, "kernels_tried", lambda *_: Kernels("math", "efficient", "a T4"))
    assert attention_for("sdpa", cuda, torch.float16, config) == REPEATED
    assert attention_for("eager", cuda, torch.float16, config) == "eager"
    assert attention_for("sdpa", cpu, torch.float16, config) == "sdpa"
    monkeypatch.setattr(attention, "kernels_tried", lambda *_: Kernels("flash", "efficient", "an A100"))
    assert attention_for("sdpa", cuda, torch.float16, config) == "sdpa"


def test_kernels_are_tried_out_on_the_device(qwen_folder: Path) -> None:
    """A CPU has flash for plain heads, and nothing but math for keys and values of different widths."""
    shape = shape_of(AutoModelForCausalLM.from_pretrained(qwen_folder).config)
    tried = kernels_tried(torch.device("cpu"), torch.float32, shape)
    assert (tried.first, tried.later) == ("flash", "efficient")


def test_weights_larger_than_memory_are_refused_before_they_are_read(
    qwen_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what they take, what is free, and what to do."""
    monkeypatch.setattr(checkpoint, "free_memory", lambda _: FreeMemory(1_000, "a test's limit"))
    with pytest.raises(ModelTooLarge, match="a test's limit") as caught:
        LocalModel(qwen_folder, dtype="float32")
    assert caught.value.weights_bytes > 1_000 == caught.value.free_bytes
    assert "--dtype" in str(caught.value)


def test_memory_that_runs_out_while_loading_is_the_same_error(
    qwen_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not that the weights are damaged."""

    def starved(*_: object, **__: object) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")

    monkeypatch.setattr(checkpoint.AutoModelForCausalLM, "from_pretrained", starved)
    with pytest.raises(ModelTooLarge, match=r"take 0\.00 GiB"):
        LocalModel(qwen_folder)


def test_a_generation_says_what_it_was_predicted_to_take_and_took(qwen: LocalModel) -> None:
    """Both in the reply; and the safe ceiling is at most the context."""
    from agent.messages import Choice, Message

    prompt = qwen.prompt([Message("user", "Which layer?")], ())
    reply = qwen.generate(prompt, max_new_tokens=4, choice=Choice(tools=(), text=True))
    assert reply.predicted_bytes == qwen.plan.feeding(
        reused_tokens=0, input_tokens=len(prompt.tokens), tokens=len(prompt.tokens) + 4
    )
    assert reply.measured_bytes is None or reply.measured_bytes >= 0
    assert qwen.safe_ceiling().tokens == qwen.context_tokens
