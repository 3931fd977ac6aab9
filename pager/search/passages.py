"""All passages of a result, whatever holds it: records, lines and listings that share words with a phrase."""

from collections.abc import Iterator
from typing import Any

from ..address import join
from ..bodies.arraybody import ArrayBody, BytesBody
from ..bodies.body import Body, ValueBody
from ..bodies.lazy import LazyBody
from ..bodies.load import JsonBody
from ..bodies.textbody import TextBody
from .figures import Figures
from .passage import Look, Passage
from .recordpassages import passages_of_value
from .textpassages import passages_of_text


def passages(look: Look, body: Body, address: str, skipped: list[str]) -> Iterator[Passage]:
    """Those that hold a term, in the order of the result; `skipped` fills with lazy parts that were not computed."""
    above = look.way(address)
    if isinstance(body, LazyBody):
        yield from _lazy(look, body, address, skipped)
    elif isinstance(body, TextBody) and body.length() > 1:
        yield from passages_of_text(look, body, address, above)
    elif isinstance(body, TextBody):
        yield from passages_of_value(look, body.value(), address, above)
    elif isinstance(body, (JsonBody, ValueBody)):
        yield from passages_of_value(look, body.plain(), address, above)
    elif not isinstance(body, (ArrayBody, BytesBody)):
        yield from _rows(look, body, address, above)


def _lazy(look: Look, body: LazyBody, address: str, skipped: list[str]) -> Iterator[Passage]:
    yield from passages_of_value(look, body.value().get("about", {}), address, look.way(address))
    yield look.names(address, list(body.names), "parts", 0)
    for name in body.names:
        below = join(address, name)
        found = body.computed(name)
        if found is None:
            skipped.append(below)
            continue
        if look.late():
            look.stop(below)
            return
        yield from passages(look, found, below, skipped)


def _rows(look: Look, body: Body, address: str, above: int) -> Iterator[Passage]:
    """Row by row, what a text of records holds."""
    rows = body.rows()
    values: Iterator[Any] = iter(body.value()) if rows is None else rows
    figures = Figures(look.phrase)
    number, row = -1, None
    for number, row in enumerate(values):
        at = join(address, number)
        if look.late():
            look.stop(at)
            return
        if number == 0:
            yield from look.end("first top", at, row)
            if isinstance(row, dict):
                yield look.names(address, list(row), "columns", 0)
        if isinstance(row, dict):
            figures.add(number, row)
        yield from passages_of_value(look, row, at, above)
    if number > 0:
        yield from look.end("last", join(address, number), row)
    yield from look.figures(figures, address, above)
