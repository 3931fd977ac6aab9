"""The KV cache over turns, and running out of memory."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import (
    AutoModelForCausalLM,
    DynamicCache,
    Gemma3ForCausalLM,
    Gemma3TextConfig,
    Lfm2Config,
    Lfm2ForCausalLM,
    MambaConfig,
    MambaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
)

from agent.errors import OutOfMemory
from agent.models.session import Session, is_out_of_memory


@dataclass
class Greedy:
    """Always the likeliest token."""

    done: bool = False
    logits: list[torch.Tensor] = field(default_factory=list)

    def pick(self, logits: torch.Tensor, *, room: int) -> list[int]:
        """One token."""
        self.logits.append(logits)
        return [int(logits.argmax())]


@dataclass
class Pairs:
    """Two tokens at a time, where there is room."""

    done: bool = False

    def pick(self, logits: torch.Tensor, *, room: int) -> list[int]:
        """The likeliest token and a fixed one."""
        return [int(logits.argmax()), 5][:room]


@pytest.fixture(params=["llama", "qwen", "sliding"])
def network(request: pytest.FixtureRequest) -> Any:
    """A small random model in fp32; one whose layers see a window of 24 tokens only."""
    if request.param == "sliding":
        torch.manual_seed(5)
        config = MistralConfig(
            vocab_size=600, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
            num_key_value_heads=2, sliding_window=24,
        )  # fmt: skip
        return MistralForCausalLM(config).eval()
    return AutoModelForCausalLM.from_pretrained(
        request.getfixturevalue(f"{request.param}_folder"), dtype=torch.float32
    ).eval()


def test_reuse_changes_no_token(network: Any) -> None:
    """Growing, edited and repeated prompts give, token by token, what a session without reuse gives."""
    draw = random.Random(7)
    session = Session(network, chunk_tokens=16)
    ids = [draw.randrange(300) for _ in range(40)]
    reused = []
    for turn in range(8):
        said = session.generate(ids, Greedy(), max_new_tokens=6)
        fresh = Session(network, chunk_tokens=512).generate(ids, Greedy(), max_new_tokens=6)
        assert said.tokens == fresh.tokens
        assert fresh.reused_tokens == 0
        reused.append(said.reused_tokens)
        kept = ids[: draw.randrange(10, len(ids))] if turn % 3 == 2 else ids
        ids = [*kept, *(said.tokens if kept is ids else ()), *(draw.randrange(300) for _ in range(draw.randrange(30)))]
    assert sum(reused) > 40


def test_logits_equal_those_of_one_plain_forward_pass(network: Any) -> None:
    """Chunked prefill with the cache gives the logits of the whole prompt at once."""
    ids = [random.Random(1).randrange(300) for _ in range(50)]
    picker = Greedy()
    session = Session(network, chunk_tokens=8)
    session.generate(ids[:30], Greedy(), max_new_tokens=1)
    session.generate(ids, picker, max_new_tokens=1)
    with torch.inference_mode():
        whole = network(input_ids=torch.tensor([ids])).logits[0, -1]
    torch.testing.assert_close(picker.logits[0], whole, atol=1e-4, rtol=1e-4)


def test_the_same_prompt_again_feeds_one_token(network: Any) -> None:
    """A prompt that is wholly in the cache is not fed twice."""
    ids = list(range(20))
    session = Session(network)
    first = session.generate(ids, Greedy(), max_new_tokens=3)
    again = session.generate(ids, Greedy(), max_new_tokens=3)
    assert again.tokens == first.tokens
    assert again.reused_tokens in (19, 0)  # a sliding window cannot be cut back


def test_several_tokens_at_once_stay_within_the_room(network: Any) -> None:
    """A picker that adds tokens at once never exceeds the limit, and what it added is in the cache."""
    session = Session(network)
    shown: list[int] = []

    def show(tokens: Sequence[int]) -> None:
        shown.extend(tokens)

    said = session.generate(list(range(12)), Pairs(), max_new_tokens=5, on_tokens=show)
    assert len(said.tokens) == 5
    assert tuple(shown) == said.tokens
    following = session.generate([*range(12), *said.tokens, 3], Greedy(), max_new_tokens=2)
    assert following.reused_tokens == 12 + 4
    assert (
        following.tokens == Session(network).generate([*range(12), *said.tokens, 3], Greedy(), max_new_tokens=2).tokens
    )


def allocator_failure() -> BaseException:
    """What the CPU allocator really raises."""
    try:
        torch.empty(1 << 55, dtype=torch.uint8)
    except RuntimeError as error:
        return error
    raise AssertionError("the machine has 32 PiB of memory")


FAILURES: list[Callable[[], BaseException]] = [
    allocator_failure,
    MemoryError,
    lambda: torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.10 GiB. GPU 0 has 14.74 GiB"),
]


class Failing(torch.nn.Module):
    """A model whose second layer fails after the first has filled its cache."""

    def __init__(self, network: Any, failures: list[BaseException]) -> None:
        super().__init__()
        self.network = network
        self.config = network.config
        self.device = network.device
        self.failures = failures

    def forward(self, input_ids: torch.Tensor, cache: DynamicCache, use_cache: bool, logits_to_keep: int) -> Any:
        """One forward pass, or the next failure."""
        if self.failures and input_ids.shape[1] > 1:
            cache.layers[0].update(torch.zeros(1, 2, 3, 8), torch.zeros(1, 2, 3, 8))
            raise self.failures.pop()
        return self.network(input_ids=input_ids, cache=cache, use_cache=use_cache, logits_to_keep=logits_to_keep)


@pytest.mark.parametrize("failure", FAILURES)
def test_out_of_memory_is_one_error_and_the_next_turn_works(
    llama_folder: Path, failure: Callable[[], BaseException]
) -> None:
    """Each form of running out becomes OutOfMemory with the numbers; the half-filled cache is gone."""
    network = AutoModelForCausalLM.from_pretrained(llama_folder, dtype=torch.float32).eval()
    error = failure()
    assert is_out_of_memory(error)
    session = Session(Failing(network, [error]))
    with pytest.raises(OutOfMemory, match="7 prompt") as caught:
        session.generate(list(range(7)), Greedy(), max_new_tokens=4)
    assert (caught.value.input_tokens, caught.value.max_new_tokens) == (7, 4)
    assert caught.value.__cause__ is None
    assert error.__traceback__ is None
    said = session.generate(list(range(7)), Greedy(), max_new_tokens=4)
    assert said.tokens == Session(network).generate(list(range(7)), Greedy(), max_new_tokens=4).tokens


def test_the_requested_bytes_are_read_from_the_message(llama_folder: Path) -> None:
    """The allocators' numbers reach the error."""
    network = AutoModelForCausalLM.from_pretrained(llama_folder, dtype=torch.float32)
    for error, expected in [(FAILURES[0](), 1 << 55), (FAILURES[2](), int(2.10 * 2**30)), (MemoryError(), None)]:
        with pytest.raises(OutOfMemory) as caught:
            Session(Failing(network, [error])).generate([1, 2, 3], Greedy(), max_new_tokens=1)
        assert caught.value.requested_bytes == expected


def test_other_failures_pass_through_and_drop_the_cache(llama_folder: Path) -> None:
    """A fault that is no lack of memory is not disguised, and the next turn starts clean."""
    network = AutoModelForCausalLM.from_pretrained(llama_folder, dtype=torch.float32).eval()
    session = Session(Failing(network, [RuntimeError("size mismatch")]))
    with pytest.raises(RuntimeError, match="size mismatch"):
        session.generate([1, 2, 3], Greedy(), max_new_tokens=1)
    assert session.generate([1, 2, 3], Greedy(), max_new_tokens=2).reused_tokens == 0


def test_an_aside_leaves_the_cache_as_it_was(network: Any) -> None:
    """A prompt of its own in between, as for a summary, costs its own tokens; the next turn reuses all but the new."""
    session = Session(network, chunk_tokens=16)
    main = [7 + number % 200 for number in range(90)]
    said = session.generate(main, Greedy(), max_new_tokens=4)
    for start in (300, 310, 320):
        aside = session.generate(list(range(start, start + 40)), Greedy(), max_new_tokens=4)
        assert aside.reused_tokens == 0
        assert (
            aside.tokens == Session(network).generate(list(range(start, start + 40)), Greedy(), max_new_tokens=4).tokens
        )
    longer = [*main, *said.tokens, 9, 8, 7]
    following = session.generate(longer, Greedy(), max_new_tokens=4)
    assert following.reused_tokens == len(main) + 3
    assert following.tokens == Session(network).generate(longer, Greedy(), max_new_tokens=4).tokens


RECURRENT: dict[str, Callable[[], Any]] = {
    "mamba": lambda: MambaForCausalLM(
        MambaConfig(vocab_size=600, hidden_size=32, num_hidden_layers=2, state_size=4, time_step_rank=4)
    ),
    "lfm2": lambda: Lfm2ForCausalLM(
        Lfm2Config(
            vocab_size=600, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
            num_key_value_heads=2, layer_types=["conv", "full_attention"],
        )
    ),
    "gemma3": lambda: Gemma3ForCausalLM(
        Gemma3TextConfig(
            vocab_size=600, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
            num_key_value_heads=2, head_dim=8, sliding_window=16, layer_types=["sliding_attention", "full_attention"],
        )
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", RECURRENT)
def test_a_cache_that_cannot_be_cut_back_is_correct_all_the_same(kind: str) -> None:
    """Recurrent states and windows: edited prompts are computed anew, longer ones may go on; the logits are right."""
    torch.manual_seed(2)
    network = RECURRENT[kind]().eval()
    for weights in network.parameters():
        weights.data.mul_(3 if weights.dim() > 1 else 1)  # far from uniform
    session = Session(network, chunk_tokens=16)
    draw = random.Random(3)
    ids = [draw.randrange(300) for _ in range(50)]
    for turn in range(6):
        picker = Greedy()
        said = session.generate(ids, picker, max_new_tokens=5)
        with torch.inference_mode():
            whole = network(input_ids=torch.tensor([[*ids, *said.tokens[:-1]]]), use_cache=False).logits[0]
        torch.testing.assert_close(torch.stack(picker.logits), whole[len(ids) - 1 :], atol=2e-3, rtol=1e-3)
        ids = [*ids, *said.tokens, *(draw.randrange(300) for _ in range(9))]
        if turn % 2:
            ids[40:50] = [draw.randrange(300) for _ in range(4)]
