"""Small random models with a real tokenizer, made once; and the bundled model for the tests marked `model`."""

from collections.abc import Callable
from pathlib import Path

import jinja2
import pytest
import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

from agent.models.local import LocalModel

TEMPLATES = Path(__file__).resolve().parents[3] / "templates"
CORPUS = [
    '<tool_call> {"name": "open", "arguments": {"address": "r1", "limit": 17}} </tool_call> <tool_response>',
    "The largest kurtosis, 187.2, is found in layer 17 of the model; all other layers are near 3.1.",
    "You look for a fault. user assistant system tool model.layers.3.mlp.down_proj.weight",
]
PLAIN_CHAT = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
TOOL_CHAT = (
    "{% if tools %}<|im_start|>system\n# Tools{% for t in tools %}\n{{ t | tojson }}{% endfor %}<|im_end|>\n{% endif %}"
    "{% for m in messages %}{% if m.role == 'tool' %}<|im_start|>user\n<tool_response>\n{{ m.content }}\n"
    "</tool_response><|im_end|>\n"
    "{% else %}<|im_start|>{{ m.role }}\n{{ m.content }}"
    "{% for c in m.tool_calls or [] %}<tool_call>\n"
    '{"name": "{{ c.function.name }}", "arguments": {{ c.function.arguments | tojson }}}\n</tool_call>{% endfor %}'
    "<|im_end|>\n{% endif %}{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


class Words:
    """Fills the project's templates; what summarizers.Templates does, without the rest of that package."""

    def render(self, name: str, **fields: object) -> str:
        """The template's text."""
        return jinja2.Template((TEMPLATES / name).read_text(encoding="utf-8")).render(fields).strip("\n")


def small_tokenizer(template: str | None, *, tags: bool) -> PreTrainedTokenizerFast:
    """A byte-level BPE tokenizer; with `tags`, <tool_call> is one token that is not special, as Qwen has it."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=600,
        special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS * 3, trainer)
    if tags:
        tokenizer.add_tokens(
            [AddedToken(tag, special=False, normalized=False) for tag in ("<tool_call>", "</tool_call>")]
        )
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|im_end|>", chat_template=template)


def save_llama(folder: Path, template: str | None) -> Path:
    """A random two-layer Llama with grouped-query attention."""
    tokenizer = small_tokenizer(template, tags=False)
    torch.manual_seed(3)
    config = LlamaConfig(
        vocab_size=len(tokenizer) + 5, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=4096, bos_token_id=None, eos_token_id=tokenizer.eos_token_id,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def save_qwen(folder: Path) -> Path:
    """A random two-layer Qwen2 whose chat template knows tools."""
    tokenizer = small_tokenizer(TOOL_CHAT, tags=True)
    torch.manual_seed(4)
    config = Qwen2Config(
        vocab_size=len(tokenizer) + 3, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=4096, bos_token_id=None, eos_token_id=tokenizer.eos_token_id,
    )  # fmt: skip
    Qwen2ForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def llama_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the small Llama; its template knows no tools."""
    return save_llama(tmp_path_factory.mktemp("llama"), PLAIN_CHAT)


@pytest.fixture(scope="session")
def qwen_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the small Qwen2."""
    return save_qwen(tmp_path_factory.mktemp("qwen"))


@pytest.fixture
def words() -> Words:
    """Fills the project's templates."""
    return Words()


@pytest.fixture
def base_folder(tmp_path: Path) -> Path:
    """A folder with a small Llama that has no chat template."""
    return save_llama(tmp_path / "base", None)


@pytest.fixture(params=["llama", "qwen"])
def model(request: pytest.FixtureRequest) -> LocalModel:
    """A fresh small model of each family."""
    return LocalModel(
        request.getfixturevalue(f"{request.param}_folder"), device="cpu", chunk_tokens=32, templates=Words()
    )


@pytest.fixture
def qwen(qwen_folder: Path) -> LocalModel:
    """The small Qwen2."""
    return LocalModel(qwen_folder, device="cpu", templates=Words())


@pytest.fixture
def llama(llama_folder: Path) -> LocalModel:
    """The small Llama."""
    return LocalModel(llama_folder, device="cpu", templates=Words())


@pytest.fixture(scope="session")
def make_tokenizer() -> Callable[..., PreTrainedTokenizerFast]:
    """Makes the small tokenizer, with or without <tool_call> as a token."""
    made = {tags: small_tokenizer(PLAIN_CHAT, tags=tags) for tags in (True, False)}
    return lambda *, tags: made[tags]
