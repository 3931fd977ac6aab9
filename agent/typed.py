"""Answers of a given form: a JSON schema read and checked before a run, and what came held against it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .errors import BadInput
from .schemas import schema_problem

Schema = Mapping[str, Any]


def read_schema(path: Path) -> Schema:
    """The JSON schema in a file. Raises `BadInput` for what is none, or none that a grammar can be made of."""
    try:
        schema = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BadInput(f"{path} is no JSON ({error}); give a JSON schema of the answer") from error
    if not isinstance(schema, dict):
        raise BadInput(f'{path} holds {type(schema).__name__}, not a JSON schema; begin with {{"type": "object", …}}')
    check_schema(schema, str(path))
    return schema


def check_schema(schema: Schema, source: str) -> None:
    """Raise `BadInput` where it is no JSON schema, or asks for what constrained decoding cannot keep."""
    from jsonschema import Draft202012Validator, SchemaError

    try:
        Draft202012Validator.check_schema(dict(schema))
    except SchemaError as error:
        place = "/".join(map(str, error.absolute_path)) or "its top"
        raise BadInput(f"{source} is no JSON schema: at {place}, {error.message[:160]}") from error
    problem = _ungrammatical(schema)
    if problem:
        raise BadInput(
            f"no answer can be decoded under {source}: {problem}; use types, properties, items, enum and bounds"
        )


def misfit(text: str, schema: Schema) -> str | None:
    """What keeps a text from being JSON of that schema; None where it is."""
    try:
        problem = schema_problem(json.loads(text), schema)
    except ValueError as error:
        return f"the answer is no JSON: {error}"
    return problem and f"the answer does not fit the schema: {problem}"


def _ungrammatical(schema: Schema) -> str:
    """Why llguidance makes no grammar of it; "" where it does, or is not installed."""
    try:
        from llguidance import LLMatcher
    except ImportError:
        return ""
    found = LLMatcher.validate_grammar(LLMatcher.grammar_from_json_schema(json.dumps(dict(schema))))
    return str(found).splitlines()[0] if found else ""
