"""The commands over a store as a whole: results, pin, expire, export."""

import re
import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from pager import Result

from ..errors import BadInput
from .output import print_json, print_text, visible, working
from .pages import DEFAULT_STORE, Json, Store, existing

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_SIZES = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}


def results(store: Store = DEFAULT_STORE, as_json: Json = False) -> None:
    """List what is in the store, oldest first."""
    with existing(store) as pager:
        found, pinned = pager.results(), pager.pinned()
    if as_json:
        print_json({"results": [_fields(one) | {"pinned": one.id in pinned} for one in found]})
        return
    lines = [f"{one.id}\t{one.kind}\t{one.size_bytes}\t{one.created}\t{_called(one)}" for one in found]
    mark = {one.id: "\tpinned" for one in found if one.id in pinned}
    print_text("".join(f"{line}{mark.get(one.id, '')}\n" for line, one in zip(lines, found, strict=True)))


def pin(
    ids: Annotated[list[str], typer.Argument(help="Results, such as r3.")],
    undo: Annotated[bool, typer.Option("--undo", help="Let them expire again.")] = False,
    store: Store = DEFAULT_STORE,
) -> None:
    """Keep results from expiring."""
    with existing(store) as pager:
        for one in ids:
            pager.pin(one, pinned=not undo)


def expire(
    older_than: Annotated[str | None, typer.Option(help="An age, such as 12h, 7d or 4w.")] = None,
    keep: Annotated[str | None, typer.Option(help="The most that may stay, such as 500MB or 2GB.")] = None,
    store: Store = DEFAULT_STORE,
    as_json: Json = False,
) -> None:
    """Delete results that are too old, then the oldest until little enough is left; pinned ones stay."""
    if older_than is None and keep is None:
        raise BadInput("nothing says what may go: give --older-than AGE, --keep SIZE, or both")
    age, most = older_than and _age(older_than), keep and _size(keep)
    with existing(store) as pager:
        gone = pager.expire(older_than=age or None, keep_bytes=None if most is None else int(most))
    if as_json:
        print_json({"expired": [_fields(one) for one in gone], "bytes": sum(one.size_bytes for one in gone)})
        return
    print_text("".join(f"{one.id}\t{one.size_bytes}\t{_called(one)}\n" for one in gone))


def export(
    address: Annotated[str, typer.Argument(help="r1, r1/layers[17], r1[120:140]")],
    out: Annotated[Path | None, typer.Option(help="A new file; standard output unless given.")] = None,
    store: Store = DEFAULT_STORE,
) -> None:
    """Write out all of what stands at an address; a whole result as it was put, byte for byte."""
    with existing(store) as pager:
        pieces = pager.original(address)
        if out is None:
            for piece in pieces:
                sys.stdout.buffer.write(piece)
            return
        if out.exists():
            raise BadInput(f"{out} is there already; name a new file")
        with working(f"writing {out}"), out.open("xb") as file:
            file.writelines(pieces)


def _fields(one: Result) -> dict[str, object]:
    call = None if one.call is None else {"tool": one.call.tool, "arguments": dict(one.call.arguments)}
    return {
        "id": one.id,
        "name": one.name,
        "kind": one.kind,
        "bytes": one.size_bytes,
        "created": one.created,
        "call": call,
    }


def _called(one: Result) -> str:
    return visible(" ".join((one.name or (one.call.tool if one.call else "")).split()))


def _age(text: str) -> timedelta:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhdw])", text.strip().lower())
    if found is None:
        raise BadInput(f"{text!r} is no age; write a number and s, m, h, d or w, such as 7d")
    return timedelta(seconds=float(found[1]) * _UNITS[found[2]])


def _size(text: str) -> float:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?", text.strip().lower())
    if found is None:
        raise BadInput(f"{text!r} is no size; write a number and B, KB, MB or GB, such as 500MB")
    return float(found[1]) * _SIZES[found[2]]
