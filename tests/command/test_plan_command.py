"""`toolpager plan` and the ceiling of `toolpager investigate`, as a person or a script uses them."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from agent.cli import app
from agent.cli.ceilings import read_ceiling
from agent.cli.sizes import read_size
from agent.errors import AgentError, BadInput, BadModel

T4 = ("plan", "--model", "Qwen/Qwen2.5-3B-Instruct", "--memory", "14.74GiB", "--device", "t4")


def run(*arguments: str) -> Result:
    """The command, in this process."""
    return CliRunner().invoke(app, list(arguments))


def test_the_table_of_the_model_that_died_on_a_t4() -> None:
    """Eager at once: 10,000 tokens and more do not fit, the largest safe ceiling is below, scores limit it."""
    done = run(*T4, "--attention", "eager", "--chunk", "0", "--json")
    assert done.exit_code == 0, done.output
    plan = json.loads(done.stdout)
    assert (plan["dtype"], plan["device"], plan["parameters"]) == ("float16", "cuda sm75", 3_085_938_688)
    assert [row["tokens"] for row in plan["terms"]] == [5_000, 10_000, 12_000, 15_000, 20_000]
    assert [row["fits"] for row in plan["terms"]] == [True, False, False, False, False]
    assert 5_000 < plan["ceiling"] < plan["wall_tokens"] < 10_000
    assert plan["prompt_tokens"] == plan["ceiling"] - 256
    assert plan["limited_by"] == "scores"
    assert plan["walls"]["eager"] == {"at_once": 8_270, "in_chunks": 84_480, "chunk_tokens": 512}


def test_the_loop_s_own_way_reaches_the_model_s_context() -> None:
    """In chunks, sdpa needs no scores from the second chunk on; the kernel and the work-around are told."""
    done = run(*T4)
    assert done.exit_code == 0, done.output
    assert "safe ceiling 32,768 tokens" in done.output
    assert "limited by the model's context" in done.output
    assert "no grouped heads" in done.output
    assert "over by" not in done.output


def test_options_change_what_they_name(tmp_path: Path) -> None:
    """Rows, margin, reserve, dtype and cache."""
    fields = {"model_type": "llama", "num_hidden_layers": 2, "hidden_size": 64, "num_attention_heads": 4,
              "intermediate_size": 96, "vocab_size": 500, "max_position_embeddings": 1_000_000}  # fmt: skip
    (tmp_path / "config.json").write_text(json.dumps(fields), encoding="utf-8")
    base = ("plan", "--model", str(tmp_path), "--memory", "64MiB", "--device", "cpu", "--json")
    plain = json.loads(run(*base).stdout)
    rows = json.loads(run(*base, "--tokens", "7", "--tokens", "3").stdout)["terms"]
    assert [row["tokens"] for row in rows] == [3, 7]
    careful = json.loads(run(*base, "--margin", "0.5", "--reserve", "10").stdout)
    assert careful["ceiling"] < plain["ceiling"]
    assert careful["prompt_tokens"] == careful["ceiling"] - 10
    half = json.loads(run(*base, "--dtype", "float16").stdout)
    assert half["weights_bytes"] * 2 == plain["weights_bytes"]
    assert half["ceiling"] > plain["ceiling"]
    quantized = json.loads(run(*base, "--kv-cache", "quantized").stdout)
    assert quantized["terms"][0]["kv_cache"] < plain["terms"][0]["kv_cache"] / 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--model", "/nowhere"), "no such folder"),
        (("--memory", "much"), "GiB"),
        (("--memory", "0GiB"), "GiB"),
        (("--device", "toaster", "--memory", "1GiB"), "sm75"),
        (("--device", "sm75"), "--memory"),
        (("--margin", "1.5"), "0.15"),
    ],
)
def test_what_cannot_be_planned_says_what_to_give(arguments: tuple[str, ...], said: str) -> None:
    """One sentence with the remedy."""
    model = () if "--model" in arguments else ("--model", "Qwen/Qwen2.5-3B-Instruct")
    done = run("plan", *model, *arguments)
    assert isinstance(done.exception, AgentError)
    assert said in str(done.exception)


def test_sizes_of_memory_are_read_in_any_usual_unit() -> None:
    """Binary and decimal."""
    assert read_size("14.74GiB") == int(14.74 * 2**30)
    assert (read_size("16 GB"), read_size("512mib"), read_size("8000000")) == (16 * 10**9, 512 << 20, 8_000_000)
    assert (read_size("2TB"), read_size("2k"), read_size("2Ki"), read_size("3 b")) == (2 * 10**12, 2_000, 2_048, 3)
    for text in ("", "GB", "2i", "2 PB", "-1GB", "1e3"):
        with pytest.raises(BadInput, match="no size"):
            read_size(text)


def test_a_ceiling_is_a_number_or_auto() -> None:
    """Nothing else, and never zero."""
    assert (read_ceiling(None), read_ceiling("auto"), read_ceiling("8,000")) == (None, None, 8_000)
    for text in ("0", "-5", "many", "1.5", ""):
        with pytest.raises(BadInput, match="auto"):
            read_ceiling(text)


def test_a_damaged_config_is_named(tmp_path: Path) -> None:
    """Not a traceback."""
    (tmp_path / "config.json").write_text("{", encoding="utf-8")
    assert isinstance(run("plan", "--model", str(tmp_path)).exception, BadModel)


def test_the_readme_s_table_is_what_the_command_prints() -> None:
    """Every line it shows."""
    readme = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
    shown = readme.partition("$ toolpager plan ")[2].partition("```")[0]
    command, _, lines = shown.partition("\n")
    printed = run("plan", *command.split()).output.splitlines()
    assert [line for line in lines.splitlines() if line not in printed] == []
