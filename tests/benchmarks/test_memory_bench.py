"""The memory benchmark: the same investigation for both loops, caps that hold, and figures that become tables."""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from agent.messages import Message
from benchmarks.corpus import PROJECT
from benchmarks.directed import PLANTED, PLANTED_AT, RESULT_TOKENS, largest_kurtosis, result_of
from benchmarks.memory import ACCURACIES, SURVIVALS
from benchmarks.memory_child import cap_cuda
from benchmarks.memory_report import accuracy_rows, print_memory, survival_rows, write_memory_plot
from benchmarks.readme import RESULTS, memory_table
from pager import TokenCounter

MEMORY = {
    "survival": {
        "a": {
            "loop": "naive", "model": "m", "turns_asked": 25, "cap_bytes": 4 << 30, "survived": 5,
            "died_at_tokens": 9_100, "died": "you tried to allocate 5 bytes", "answer_is_right": False,
            "peak_bytes": 4_000 << 20,
            "turns": [{"tokens": 900, "measured_bytes": 1 << 20}, {"tokens": 1900, "measured_bytes": 9 << 20}],
        },
        "b": {
            "loop": "ours", "model": "m", "turns_asked": 25, "cap_bytes": 4 << 30, "survived": 25, "died": None,
            "answer_is_right": True, "peak_bytes": 2_000 << 20, "ceiling": 8_192, 
            "turns": [{"tokens": 900, "predicted_bytes": 21 << 17, "measured_bytes": 20 << 17}],
        },
    },
    "accuracy": {
        "c": {
            "model": "m", "attention": "eager", "chunk_tokens": None,
            "sizes": [{"tokens": 1024, "predicted_bytes": 105 << 20, "measured_bytes": 100 << 20},
                      {"tokens": 2048, "predicted_bytes": 80 << 20, "measured_bytes": 100 << 20}],
        },
    },
}  # fmt: skip


def test_results_have_one_to_five_thousand_tokens_and_one_is_planted(tokens: TokenCounter) -> None:
    """The same every time; the planted value stands in one of them, once."""
    for step in range(1, 9):
        rows = result_of(step, tokens)
        assert rows == result_of(step, tokens)
        assert 0.8 * RESULT_TOKENS[0] <= tokens.count(json.dumps(rows)) <= 1.2 * RESULT_TOKENS[1]
        assert sum(row["kurtosis"] == PLANTED for row in rows) == (step == PLANTED_AT)


def test_the_answer_is_read_off_the_prompt() -> None:
    """In JSON, in a fact or in a finding; nothing is answered that does not stand there."""
    said = ['{"module": "a", "kurtosis": 3.1}', "kurtosis max 187.25 down_proj [11]", "mean 999.5"]
    assert largest_kurtosis([Message("user", text) for text in said]) == 187.25
    assert largest_kurtosis([Message("user", said[2])]) == 0.0


def test_figures_become_tables_and_a_plot(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Who died at how many tokens, who answered, and how far predictions were off."""
    rows = list(survival_rows(MEMORY))
    assert rows[0][-1] == "dies at 9,100 tokens"
    assert rows[1] == ["toolpager", "m", "4 GiB", "25 of 25", "8,192", "1.95 GiB", "5%", "right"]
    assert next(accuracy_rows(MEMORY, [1024, 2048]))[-2:] == ["100 (+5%)", "100 (-20%)"]
    assert "within 10 % in 1 of 2 cells, at most -20%" in memory_table(MEMORY)
    print_memory(MEMORY)
    assert "dies at 9,100" in capsys.readouterr().out
    write_memory_plot(MEMORY, tmp_path / "memory")
    assert (tmp_path / "memory.png").read_bytes().startswith(b"\x89PNG")


def test_a_cap_on_cuda_is_a_share_of_the_device() -> None:
    """Never more than all of it."""
    shares: list[float] = []
    cuda = SimpleNamespace(mem_get_info=lambda: (5, 16 << 30), set_per_process_memory_fraction=shares.append)
    cap_cuda(cuda, 4 << 30)
    cap_cuda(cuda, 64 << 30)
    assert shares == [0.25, 1.0]


def test_the_parts_are_those_promised() -> None:
    """Both loops on the bundled model over 25 turns, ours over 100, and both kinds of attention on both models."""
    runs = {(one.loop, one.turns) for one in SURVIVALS}
    assert runs >= {("naive", 25), ("ours", 25), ("ours", 100)}
    assert {(one.attention, one.chunk_tokens) for one in ACCURACIES} == {
        (attention, chunk) for attention in ("eager", "sdpa") for chunk in (512, None)
    }


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a data segment is limited on Linux")
def test_a_cap_ends_what_goes_over_it() -> None:
    """A process under a cap of 300 MB cannot hold 400."""
    code = (
        "from benchmarks.memory_child import cap_memory\ncap_memory(300_000_000, 'cpu')\n"
        "try:\n    bytearray(400_000_000)\nexcept MemoryError:\n    print('capped')"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "capped", done.stderr


@pytest.mark.skipif(not (RESULTS / "memory.json").exists(), reason="no kept memory results")
def test_the_kept_results_keep_the_promises() -> None:
    """The original loop dies by turn 8; ours finishes, with the right answer, within the cap."""
    kept = json.loads((RESULTS / "memory.json").read_text(encoding="utf-8"))
    for one in kept["survival"].values():
        if one["loop"] == "naive":
            assert one["died"]
            assert one["survived"] < 8
        else:
            assert one["survived"] == one["turns_asked"]
            assert one["answer_is_right"]
            assert one["peak_bytes"] <= one["cap_bytes"]
