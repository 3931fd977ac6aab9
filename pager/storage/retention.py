"""Which results may go when a store is to be made smaller."""

from collections.abc import Iterator, Sequence, Set
from datetime import datetime, timedelta

from ..types import Result


def expiring(
    results: Sequence[Result],
    pinned: Set[str],
    *,
    older_than: timedelta | None,
    keep_bytes: int | None,
    now: datetime,
) -> list[Result]:
    """The results, oldest first, that are too old, and then as many more as leave at most `keep_bytes`.

    None means no such limit; pinned results stay and count.
    """
    gone: list[Result] = []
    left: list[Result] = []
    for one in results:
        is_old = older_than is not None and now - datetime.fromisoformat(one.created) > older_than
        (gone if is_old and one.id not in pinned else left).append(one)
    return gone if keep_bytes is None else [*gone, *_surplus(left, pinned, keep_bytes)]


def _surplus(results: Sequence[Result], pinned: Set[str], keep_bytes: int) -> Iterator[Result]:
    held = sum(one.size_bytes for one in results)
    for one in results:
        if held <= keep_bytes:
            return
        if one.id not in pinned:
            held -= one.size_bytes
            yield one
