"""The README's own examples: run as they stand, and the lines in them that a user adds for the pager."""

import ast
import re
from collections.abc import Iterator
from typing import Any

from .corpus import PROJECT

_OURS = ("pager", "summarizers")


def example(begins: str, language: str = "python") -> str:
    """The README's code block of a language that begins so. Raises LookupError where there is none."""
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(rf"```{language}\n(.*?)```", readme, re.DOTALL)
    found = next((block for block in blocks if block.lstrip().startswith(begins)), None)
    if found is None:
        raise LookupError(f"README.md has no {language or 'plain'} block that begins with {begins!r}")
    return str(found)


def run_example(begins: str, **names: Any) -> dict[str, Any]:
    """All that a Python example defines, given what it takes for granted."""
    exec(compile(example(begins), "README.md", "exec"), names)
    return names


def lines_added(code: str) -> int:
    """The lines of a Python example that import the pager or use what was so imported; a decorator is a line."""
    return sum(_lines(code))


def lines_naming(text: str, word: str = "toolpager") -> int:
    """The lines of a configuration or command that name the pager."""
    return sum(word in line for line in text.splitlines())


def _lines(code: str) -> Iterator[int]:
    ours: set[str] = set()
    for statement in ast.parse(code).body:
        if isinstance(statement, ast.ImportFrom) and str(statement.module).partition(".")[0] in _OURS:
            ours |= {name.asname or name.name for name in statement.names}
            yield _height(statement)
        elif isinstance(statement, ast.FunctionDef | ast.ClassDef):
            yield from (_height(one) for one in statement.decorator_list if _names(one) & ours)
        elif _names(statement) & ours:
            yield _height(statement)


def _height(part: ast.stmt | ast.expr) -> int:
    return (part.end_lineno or part.lineno) - part.lineno + 1


def _names(part: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(part) if isinstance(one, ast.Name)}
