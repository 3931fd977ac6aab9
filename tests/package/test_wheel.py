"""What a user gets from `pip install .`, tried in a clean environment."""

import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]


def run(*command: object, cwd: Path, stdin: str | None = None) -> str:
    """The standard output of a command that must succeed, without this checkout on its path."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "COV"))}
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, input=stdin, capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--outdir", folder, PROJECT, cwd=folder)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean virtual environment with the wheel and its light dependencies."""
    folder = tmp_path_factory.mktemp("clean")
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wheel, cwd=folder)
    return folder


def test_the_wheel_has_three_packages_and_the_templates(wheel: Path) -> None:
    """The wheel's top-level names are exactly pager, summarizers and agent; templates travel inside."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    tops = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    assert tops == {"pager", "summarizers", "agent"}
    templates = {path.name for path in (PROJECT / "templates").glob("*.j2")}
    assert templates
    assert {name.rsplit("/", 1)[1] for name in names if name.startswith("summarizers/templates/")} >= templates


def test_the_light_install_pages_without_torch(environment: Path) -> None:
    """`toolpager page` and `open` work in an environment that has no torch."""
    tool = environment / "venv" / "bin" / "toolpager"
    python = environment / "venv" / "bin" / "python"
    found = run(python, "-c", "import importlib.util as u; print(u.find_spec('torch'))", cwd=environment)
    assert found.strip() == "None"
    text = "\n".join(f"line {number}" for number in range(500))
    card = json.loads(run(tool, "page", "-", "--json", cwd=environment, stdin=text))
    assert card["bytes"] == len(text)
    page = json.loads(run(tool, "open", card["id"], "--json", cwd=environment))
    assert text.startswith(page["text"])
    assert page["tokens"] <= 1000


def test_importing_the_pager_imports_nothing_heavy(environment: Path) -> None:
    """`import pager` pulls in neither numpy nor duckdb nor torch nor transformers."""
    heavy = ("numpy", "duckdb", "torch", "transformers", "jinja2")
    code = f"import sys, pager; print([name for name in {heavy} if name in sys.modules])"
    python = environment / "venv" / "bin" / "python"
    assert run(python, "-c", code, cwd=environment).strip() == "[]"
