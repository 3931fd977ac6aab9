"""Definitions in source code: Python by its own parser, other languages by their opening lines and brackets."""

from __future__ import annotations

import ast
import re
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

_LONGEST_PARSED = 4_000_000  # characters given to Python's parser


@dataclass(frozen=True, slots=True)
class Definition:
    """A class or function: its lines (0-based, `stop` excluded), the class it is in, what it derives from."""

    kind: str
    name: str
    start: int
    stop: int
    owner: str = ""
    bases: tuple[str, ...] = ()

    @property
    def length(self) -> int:
        """How many lines it has."""
        return self.stop - self.start


@dataclass(slots=True)
class Source:
    """What a file of code holds."""

    definitions: list[Definition] = field(default_factory=list)
    imports: list[str] = field(default_factory=list)
    raised: Counter[str] = field(default_factory=Counter)
    called: Counter[str] = field(default_factory=Counter)
    about: str = ""


def python_source(text: str) -> Source | None:
    """Return what Python's parser finds, or None where the text is no Python."""
    if len(text) > _LONGEST_PARSED:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # invalid escapes in other people's strings
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    source = Source(about=(ast.get_docstring(tree) or "").strip().split("\n")[0])
    _walk(tree, "", source)
    return source


def _walk(root: ast.AST, root_owner: str, source: Source) -> None:
    stack: list[tuple[ast.AST, str]] = [(root, root_owner)]
    while stack:
        node, owner = stack.pop()
        _note(node, source)
        inner = owner
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            source.definitions.append(_python_definition(node, owner))
            inner = node.name if isinstance(node, ast.ClassDef) else ""
        stack.extend((child, inner) for child in reversed(list(ast.iter_child_nodes(node))))


def _python_definition(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef, owner: str) -> Definition:
    kind = "class" if isinstance(node, ast.ClassDef) else "function"
    bases = tuple(ast.unparse(base) for base in node.bases) if isinstance(node, ast.ClassDef) else ()
    return Definition(kind, node.name, node.lineno - 1, node.end_lineno or node.lineno, owner, bases)


def _note(node: ast.AST, source: Source) -> None:
    if isinstance(node, ast.Import):
        source.imports.extend(name.name.split(".")[0] for name in node.names)
    elif isinstance(node, ast.ImportFrom):
        source.imports.append("." * node.level + (node.module or "").split(".")[0])
    elif isinstance(node, ast.Raise) and node.exc is not None:
        target = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        source.raised[ast.unparse(target)] += 1
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
        source.called[node.func.id if isinstance(node.func, ast.Name) else node.func.attr] += 1


_MODIFIERS = (
    r"(?:(?:export|default|public|private|protected|internal|static|final|abstract|async|override|open"
    r"|pub(?:\(\w+\))?|unsafe|virtual|sealed|inline|extern|const|data|partial|suspend)\s+)*"
)
_CLASS = re.compile(
    rf"\s*{_MODIFIERS}(?:class|struct|interface|trait|enum|impl|module|object|protocol|record"
    rf"|union)\s+(?:<[^>]{{0,80}}>\s*)?(?P<name>[A-Za-z_]\w*)[^;]*$"
)
_GO_TYPE = re.compile(r"type\s+(?P<name>\w+)\s+(?:struct|interface)\b")
_RECEIVER = re.compile(r"func \(\w*\s*\*?(?P<name>\w+)\)")
_FUNCTIONS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\s*{_MODIFIERS}(?:function\*?|fn|func|fun|def|sub"
        rf"|proc)\s+(?:\([^)]{{0,120}}\)\s*)?(?:self\.)?(?P<name>[A-Za-z_$][\w$!?]*)",
        r"\s*(?:export\s+)?(?:const|let|var)\s+(?P<name>[A-Za-z_$][\w$]*)\s*(?::[^=]{0,120})?=\s*"
        r"(?:async\s*)?(?:\([^)]{0,300}\)|[\w$]+)\s*(?::[^=]{0,80})?=>",
        r"(?P<name>[A-Za-z_][\w-]*)\s*\(\)\s*\{?\s*$",
        rf"\s*{_MODIFIERS}(?:@\w+\s+)*(?:[A-Za-z_][\w:<>,.\[\]&*?]*\s+(?:[&*]+\s*)?"
        rf"|[A-Z][A-Z_]*\([^()]{{1,80}}\)\s*)+(?P<name>~?[A-Za-z_][\w:~]*)\s*\((?![^)]*\);)[^;{{}}]{{0,400}}(?:\{{?|\{{[^{{}}]*\}})\s*$",
        r"\s+(?:async\s+|static\s+|get\s+"
        r"|set\s+)*(?P<name>[A-Za-z_$#][\w$]*)\s*\([^;{}]{0,300}\)\s*(?::\s*[^{]{1,80})?\{\s*$",
    )
)
_KEYWORDS = (
    "if for while switch catch return else do try sizeof with until unless when elif case new throw typeof super"
    " function match loop foreach using lock synchronized"
)
_NO_NAMES = frozenset(_KEYWORDS.split())
_IMPORT = re.compile(
    r"\s*(?:#\s*include\s*[<\"](?P<c>[^>\"]+)|import\s.*?from\s+['\"](?P<js>[^'\"]+)|(?:import|use|using"
    r"|require|require_relative)\s+"
    r"(?:static\s+)?['\"(]*(?P<other>[\w.:/@-]+))|.*\brequire\(['\"](?P<node>[^'\"]+)"
)
_RAISE = re.compile(r"\b(?:throw|raise)\s+(?:new\s+)?(?P<name>[A-Za-z_][\w.:]*)")
_CALL = re.compile(r"\b([A-Za-z_]\w*)\s*\(")
_LITERAL = re.compile(r"\"(?:[^\"\\]|\\.){0,400}\"|'(?:[^'\\]|\\.){0,20}'|//.*$|/\*.{0,400}?\*/")


def light_source(lines: Sequence[str]) -> Source:
    """Return what opening lines and brackets tell of any other language."""
    source = Source()
    owners: list[tuple[str, int]] = []
    skip = _depths(lines)
    for at, line in enumerate(_uncommented(lines)):
        while owners and owners[-1][1] <= at:
            owners.pop()
        if not line:
            continue
        _light_note(line, source)
        found = _opening(line)
        if found is None or (stop := _stop(lines, skip, at)) is None:
            continue
        kind, name = found
        source.definitions.append(Definition(kind, name, at, stop, _owner(line, owners)))
        if kind == "class":
            owners.append((name, stop))
    return source


def _owner(line: str, owners: Sequence[tuple[str, int]]) -> str:
    receiver = _RECEIVER.match(line)
    return receiver["name"] if receiver else owners[-1][0] if owners else ""


def _uncommented(lines: Sequence[str]) -> Iterator[str]:
    """The lines, those of comments empty."""
    inside = False
    for line in lines:
        bare = line.lstrip()
        inside = inside or (bare.startswith("/*") and "*/" not in bare)
        yield "" if inside or bare[:2] in ("//", "/*", "# ") else line
        inside = inside and "*/" not in bare


def _opening(line: str) -> tuple[str, str] | None:
    if len(line) > 300 or not line.strip() or line.rstrip().endswith(";"):
        return None
    found = _CLASS.match(line) or _GO_TYPE.match(line)
    if found:
        return "class", found["name"]
    hit = next((hit for pattern in _FUNCTIONS if (hit := pattern.match(line))), None)
    if hit is None or hit["name"].split("::")[-1] in _NO_NAMES or line.split()[0].strip("}") in _NO_NAMES - _OPENERS:
        return None
    return "function", hit["name"]


_OPENERS = frozenset({"function"})


def _depths(lines: Sequence[str]) -> list[int]:
    """The depth of curly brackets after each line."""
    depths, depth = [], 0
    for line in lines:
        bare = _LITERAL.sub("", line) if "{" in line or "}" in line else ""
        depth += bare.count("{") - bare.count("}")
        depths.append(depth)
    return depths


def _stop(lines: Sequence[str], depths: Sequence[int], start: int) -> int | None:
    """Where the definition that opens at `start` ends: its closing bracket, or the line its indentation ends at."""
    before = depths[start - 1] if start else 0
    for at in range(start, min(start + 12, len(lines))):
        if depths[at] > before:
            return next((end + 1 for end in range(at + 1, len(lines)) if depths[end] <= before), len(lines))
        if "{" in lines[at] and depths[at] == before:
            return at + 1
        if lines[at].rstrip().endswith(";"):
            return None
    indent = len(lines[start]) - len(lines[start].lstrip())
    for at in range(start + 1, len(lines)):
        line = lines[at]
        if line.strip() and len(line) - len(line.lstrip()) <= indent:
            return at + (line.strip() == "end")
    return len(lines)


def _light_note(line: str, source: Source) -> None:
    found = _IMPORT.match(line)
    if found and (name := next((value for value in found.groupdict().values() if value), "")):
        source.imports.append(name)
        return
    if ("throw" in line or "raise" in line) and (thrown := _RAISE.search(line)):
        source.raised[thrown["name"]] += 1
    if "(" in line and line[:1] in " \t":
        source.called.update(name for name in _CALL.findall(_LITERAL.sub("", line)) if name not in _NO_NAMES)
