"""What the model may call: a name, a JSON schema, and the function behind it."""

import inspect
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal, Union, get_args, get_origin

from .errors import BadArguments, BadTool, UnknownTool
from .messages import ToolSpec
from .schemas import schema_problem

Schema = dict[str, object]

_SCALARS: dict[object, str] = {str: "string", int: "integer", float: "number", bool: "boolean"}


@dataclass(frozen=True, slots=True)
class Tool:
    """A function the model may call; it returns any value (or `pager.Lazy`) and may raise."""

    spec: ToolSpec
    function: Callable[..., object]

    @property
    def name(self) -> str:
        """The name the model calls it by."""
        return self.spec.name

    def bounded(self, **bounds: Mapping[str, object]) -> "Tool":
        """Return the tool with further keywords in its parameters' schemas, such as `layer={"maximum": 29}`."""
        properties = self.spec.parameters["properties"]
        assert isinstance(properties, Mapping)
        narrowed = {name: schema | bounds.get(name, {}) for name, schema in properties.items()}
        return replace(self, spec=replace(self.spec, parameters={**self.spec.parameters, "properties": narrowed}))

    def without(self, name: str) -> "Tool":
        """Return the tool without one of its optional parameters."""
        properties = self.spec.parameters["properties"]
        assert isinstance(properties, Mapping)
        kept = {other: schema for other, schema in properties.items() if other != name}
        return replace(self, spec=replace(self.spec, parameters={**self.spec.parameters, "properties": kept}))

    def run(self, arguments: Mapping[str, object]) -> object:
        """Return what the function returns for `arguments`; raise `BadArguments` where they do not fit the schema."""
        check_arguments(self.spec, arguments)
        return self.function(**arguments)


def tool(function: Callable[..., object]) -> Tool:
    """Make a tool of a function or bound method: its schema from the signature, its words from the docstring.

    The description is the docstring's first paragraph. A line `name: words` under `Args:` describes a parameter.

    >>> @tool
    ... def get_layer(layer_id: int, part: Literal["mlp", "attention"] = "mlp") -> dict[str, object]:
    ...     '''Statistics of one layer.
    ...
    ...     Args:
    ...         layer_id: number of the layer, from 0
    ...     '''
    ...     return {"layer": layer_id, "part": part}
    >>> get_layer.spec.description
    'Statistics of one layer.'
    >>> get_layer.spec.parameters["required"]
    ['layer_id']
    >>> get_layer.run({"layer_id": 3})
    {'layer': 3, 'part': 'mlp'}
    """
    name = str(getattr(function, "__name__", type(function).__name__))
    description, words = _docstring(inspect.getdoc(function) or "")
    properties: dict[str, object] = {}
    required: list[str] = []
    for parameter in inspect.signature(function, eval_str=True).parameters.values():
        if parameter.name == "self":  # a method not bound yet
            continue
        described = {"description": words[parameter.name]} if parameter.name in words else {}
        properties[parameter.name] = _schema(name, parameter) | described
        if parameter.default is inspect.Parameter.empty:
            required.append(parameter.name)
    parameters: Schema = {"type": "object", "properties": properties, "required": required}
    return Tool(ToolSpec(name=name, description=description, parameters=parameters), function)


class Toolbox:
    """The tools of one run by name, in the order they were given."""

    def __init__(self, tools: Iterable[Tool]) -> None:
        self._tools: dict[str, Tool] = {}
        for one in tools:
            if one.name in self._tools:
                raise BadTool(f"two tools are called {one.name!r}; rename one of the functions")
            self._tools[one.name] = one

    def __iter__(self) -> Iterator[Tool]:
        return iter(self._tools.values())

    def __contains__(self, name: object) -> bool:
        return name in self._tools

    def __getitem__(self, name: str) -> Tool:
        """Return the tool of that name, or raise `UnknownTool`, which lists those there are."""
        if name not in self._tools:
            raise UnknownTool(f"there is no tool {name!r}; the tools are: {', '.join(self._tools)}")
        return self._tools[name]

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        """The schemas in order, as a model's chat template takes them."""
        return tuple(one.spec for one in self)


def check_arguments(spec: ToolSpec, arguments: Mapping[str, object]) -> None:
    """Raise `BadArguments`, naming an argument that is missing, unknown or does not fit its schema."""
    properties = spec.parameters.get("properties", {})
    required = spec.parameters.get("required", ())
    assert isinstance(properties, Mapping)
    assert isinstance(required, list | tuple)
    takes = ", ".join(properties) or "none"
    for name in required:
        if name not in arguments:
            raise BadArguments(f"{spec.name} needs the argument {name!r}; its arguments are: {takes}")
    for name in arguments:
        if name not in properties:
            raise BadArguments(f"{spec.name} has no argument {name!r}; its arguments are: {takes}")
    if problem := schema_problem(dict(arguments), spec.parameters):
        raise BadArguments(f"{spec.name}: {problem}")


def _schema(tool_name: str, parameter: inspect.Parameter) -> Schema:
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
        raise BadTool(f"{tool_name}: {parameter} cannot be filled by name; give the tool named parameters only")
    if parameter.annotation is inspect.Parameter.empty:
        raise BadTool(f"{tool_name}: parameter {parameter.name!r} has no type; annotate it")
    return _type_schema(f"{tool_name}: parameter {parameter.name!r}", parameter.annotation)


def _type_schema(place: str, annotation: object) -> Schema:
    if annotation in _SCALARS:
        return {"type": _SCALARS[annotation]}
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return _literal_schema(place, [value for value in arguments if value is not None])
    if origin is tuple and arguments[-1] is not Ellipsis:
        items = [_type_schema(place, member) for member in arguments]
        return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}
    if origin in (list, tuple):
        return {"type": "array", "items": _type_schema(place, arguments[0])}
    if origin in (Union, types.UnionType):
        return _union_schema(place, arguments)
    if annotation is dict or origin is dict:
        return {"type": "object"}
    raise BadTool(f"{place} has the type {annotation}; use str, int, float, bool, Literal, list[...], dict or X | None")


def _literal_schema(place: str, values: list[object]) -> Schema:
    names = list(dict.fromkeys(_type_schema(place, type(value))["type"] for value in values))
    return {"type": names[0] if len(names) == 1 else names, "enum": values}


def _union_schema(place: str, members: tuple[object, ...]) -> Schema:
    """`X | None` is X, left out; `int | str` lists both types, of more than types each schema."""
    schemas = [_type_schema(place, member) for member in members if member is not type(None)]
    if len(schemas) == 1:
        return schemas[0]
    if all(list(schema) == ["type"] for schema in schemas):
        return {"type": [schema["type"] for schema in schemas]}
    return {"anyOf": schemas}


def _docstring(text: str) -> tuple[str, dict[str, str]]:
    """Return the first paragraph, and the words of each parameter under `Args:`."""
    head, _, rest = text.partition("Args:")
    description = " ".join(head.strip().split("\n\n")[0].split())
    words: dict[str, str] = {}
    last = ""
    for line in rest.splitlines():
        name, colon, said = line.strip().partition(":")
        if colon and name.isidentifier():
            last, words[name] = name, said.strip()
        elif last and line.strip():
            words[last] += " " + line.strip()
        elif words:
            break
    return description, words
