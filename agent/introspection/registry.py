"""Tools that a person adds: one decorated function, whose first parameter is the network under investigation."""

import importlib.util
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial, update_wrapper
from pathlib import Path

from ..tools import Tool, tool
from .errors import SubjectError
from .subject import Subject


@dataclass(frozen=True, slots=True)
class SubjectTool:
    """A function that becomes a tool once there is a subject to bind it to."""

    function: Callable[..., object]

    def bind(self, subject: Subject) -> Tool:
        """Return the tool for one subject: schema from the other parameters, words from the docstring."""
        bound = partial(self.function, subject)
        update_wrapper(bound, self.function)
        signature = inspect.signature(self.function, eval_str=True)
        parameters = list(signature.parameters.values())[1:]
        bound.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
        return tool(bound)


def subject_tool(function: Callable[..., object]) -> SubjectTool:
    """Make a tool of a function of a `Subject` and further arguments; what it returns is stored, paged and summarized.

    >>> @subject_tool
    ... def count_tensors(subject: Subject, layer: int = 0) -> dict[str, object]:
    ...     '''Count the tensors of one layer.'''
    ...     return {"layer": layer, "tensors": len(subject.in_layer(layer))}
    >>> count_tensors.function.__name__
    'count_tensors'
    """
    return SubjectTool(function)


def tools_of(file: str | Path, subject: Subject) -> list[Tool]:
    """Return the tools that a Python file defines with `@subject_tool`; raise `SubjectError` where it has none."""
    found = [one.bind(subject) for one in _names(Path(file)).values() if isinstance(one, SubjectTool)]
    if not found:
        raise SubjectError(f"{file} defines no tool; decorate a function of a subject with @subject_tool")
    return found


def _names(file: Path) -> Mapping[str, object]:
    if not file.is_file():
        raise SubjectError(f"there is no file {file}; --tools takes a Python file that defines tools")
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return vars(module)
