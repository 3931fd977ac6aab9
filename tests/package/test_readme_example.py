"""The README does what it says."""

import contextlib
import io
import re
import subprocess
import sys
from pathlib import Path

from pager import Pager
from summarizers import card

README = Path(__file__).resolve().parents[2] / "README.md"


def blocks(language: str) -> list[str]:
    """The README's code blocks of a language."""
    return re.findall(rf"```{language}\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


def test_the_python_example_runs_and_finds_the_slow_request() -> None:
    """The example prints a summary, a value and a row, each of which names the slowest request."""
    example = next(block for block in blocks("python") if "Pager" in block)
    assert len(example.strip().splitlines()) <= 12
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(example, "README.md", "exec"), {})
    summary, _, rest = said.getvalue().partition("\n{")
    assert "ms max 9871 [137]" in summary
    assert rest.endswith('"ms": 9871\n}\n((9871,),)\n')


def test_the_shown_card_is_what_the_command_prints() -> None:
    """The card in the README is the card of the file it names."""
    shown = next(block for block in blocks("") if block.startswith("$ toolpager page "))
    command, _, printed = shown.partition("\n")
    with Pager() as pager:
        result = pager.put_file(README.parent / command.rpartition(" ")[2])
        assert card(pager.node(result.id), counter=pager.counter).text + "\n" == printed


def test_every_command_the_readme_names_exists() -> None:
    """`toolpager NAME` in the README is a command of the program."""
    named = set(re.findall(r"toolpager ([a-z]+)", "\n".join(blocks("") + blocks("sh"))))
    shown = subprocess.run(
        [sys.executable, "-c", "from agent.cli import main; main()", "--help"],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": "/usr/bin:/bin", "COLUMNS": "200", "PYTHONPATH": str(README.parent)},
    )
    commands = set(re.findall(r"^│ ([a-z]+)", shown.stdout, re.MULTILINE))
    assert {"page", "open", "investigate"} <= named <= commands
