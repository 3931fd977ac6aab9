"""The commands over a store as a whole: results, pin, expire, export."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from pager import Result

from ..errors import BadInput
from .output import print_json, print_pieces, print_text, visible, working
from .pages import DEFAULT_STORE, Json, Store, existing
from .sizes import read_age, read_size


def results(
    last: Annotated[int | None, typer.Option(min=1, help="The newest so many.")] = None,
    store: Store = DEFAULT_STORE,
    as_json: Json = False,
) -> None:
    """List what is in the store, oldest first."""
    with existing(store) as pager:
        found, pinned = pager.results(last=last), pager.pinned()
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
    as_json: Json = False,
) -> None:
    """Keep results from expiring."""
    with existing(store) as pager:
        for one in ids:
            pager.pin(one, pinned=not undo)
        pinned = pager.pinned()
        kept = [one.id for one in pager.results() if one.id in pinned]
    if as_json:
        print_json({"pinned": kept})


def expire(
    older_than: Annotated[str | None, typer.Option(help="An age, such as 12h, 7d or 4w.")] = None,
    keep: Annotated[str | None, typer.Option(help="The most that may stay, such as 500MB or 2GB.")] = None,
    store: Store = DEFAULT_STORE,
    as_json: Json = False,
) -> None:
    """Delete results that are too old, then the oldest until little enough is left; pinned ones stay."""
    if older_than is None and keep is None:
        raise BadInput("nothing says what may go: give --older-than AGE, --keep SIZE, or both")
    age = None if older_than is None else read_age(older_than)
    most = None if keep is None else read_size(keep)
    with existing(store) as pager:
        gone = pager.expire(older_than=age, keep_bytes=most)
    if as_json:
        print_json({"expired": [_fields(one) for one in gone], "bytes": sum(one.size_bytes for one in gone)})
        return
    print_text("".join(f"{one.id}\t{one.size_bytes}\t{_called(one)}\n" for one in gone))


def export(
    address: Annotated[str, typer.Argument(help="r1, r1/layers[17], r1[120:140]")],
    out: Annotated[Path | None, typer.Option(help="A new file; standard output unless given.")] = None,
    store: Store = DEFAULT_STORE,
    as_json: Json = False,
) -> None:
    """Write out all of what stands at an address; a whole result as it was put, byte for byte."""
    fields: dict[str, object] = {"address": address}
    with existing(store) as pager:
        pieces = pager.original(address)
        if out is not None:
            fields |= {"out": str(out), "bytes": _write(out, pieces)}
        elif as_json:
            fields |= {"text": b"".join(pieces).decode("utf-8", "surrogateescape")}
        else:
            print_pieces(pieces)
    if as_json:
        print_json(fields)


def _write(out: Path, pieces: Iterable[bytes]) -> int:
    """The bytes that were written into a new file."""
    if out.exists():
        raise BadInput(f"{out} is there already; name a new file")
    with working(f"writing {out}"), out.open("xb") as file:
        file.writelines(pieces)
        return file.tell()


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
