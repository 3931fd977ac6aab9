"""Values held against a JSON schema: a call's arguments, and answers of a given form."""

from collections.abc import Mapping

_SHOWN = 80  # characters of a value that are said again
_LONGEST = 240


def schema_problem(value: object, schema: Mapping[str, object]) -> str | None:
    """Where a value of JSON does not fit a schema, and why; None where it fits. A float is no integer, not even 3.0.

    >>> schema_problem({"layers": [0, 99]}, {"properties": {"layers": {"items": {"maximum": 29}}}})
    'layers/1: 99 is greater than the maximum of 29'
    """
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match
    from jsonschema.validators import extend

    types = Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer)
    found = best_match(extend(Draft202012Validator, type_checker=types)(dict(schema)).iter_errors(value))
    if found is None:
        return None
    shown = repr(found.instance)
    said = found.message.replace(shown, f"{shown[:_SHOWN]}…") if len(shown) > _SHOWN else found.message
    place = "/".join(map(str, found.absolute_path))
    return f"{place}: {said[:_LONGEST]}" if place else said[:_LONGEST]


def _is_integer(_: object, value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
