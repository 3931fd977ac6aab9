"""Any function becomes a tool whose long results are cards."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from conversation import rows

from pager import Pager
from summarizers import Views, paged

VIEWS = Views(Pager())


@paged(views=VIEWS)
def fetch(batch: int) -> list[dict[str, object]]:
    """Fetch a batch.

    Args:
        batch: which one
    """
    return rows(batch)


def test_a_long_result_is_its_card_and_a_short_one_itself() -> None:
    """The card names the call and the outlier's place; a short result is not touched."""
    card = fetch(3)
    assert all(told in card for told in ("fetch", "9003", "[51]"))

    @paged(views=VIEWS)
    def ping() -> str:
        return "pong"

    assert ping() == "pong"


def test_what_frameworks_read_of_a_function_is_kept() -> None:
    """Name, docstring, parameters; what comes back is text."""
    assert fetch.__name__ == "fetch"
    assert "which one" in (fetch.__doc__ or "")
    signature = inspect.signature(fetch)
    assert list(signature.parameters) == ["batch"]
    assert fetch.__annotations__ == {"batch": int, "return": str}


def test_methods_coroutines_and_generators_are_paged() -> None:
    """A generator's items are one result; a method's call is told without its object."""

    class Api:
        @paged(views=VIEWS)
        def method(self, batch: int) -> object:
            return rows(batch)

        @paged(views=VIEWS)
        async def later(self, batch: int) -> object:
            return rows(batch)

        @paged(views=VIEWS)
        def stream(self, batch: int) -> Iterator[object]:
            yield from rows(batch)

        @paged(views=VIEWS)
        async def streamed(self, batch: int) -> AsyncIterator[object]:
            for row in rows(batch):
                yield row

    api = Api()
    cards = [api.method(4), asyncio.run(api.later(4)), api.stream(4), asyncio.run(api.streamed(4))]
    assert all("100 rows" in card and "9004" in card for card in cards)
    assert all("self" not in card for card in cards)


def test_what_a_function_raises_is_raised() -> None:
    """An error is the framework's to tell."""

    @paged(views=VIEWS)
    def fails() -> str:
        raise LookupError("no such batch")

    with pytest.raises(LookupError, match="no such batch"):
        fails()


def test_nothing_is_opened_before_the_first_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Decorating makes no folder."""
    monkeypatch.chdir(tmp_path)

    @paged
    def never() -> str:
        return ""

    assert list(tmp_path.iterdir()) == []
