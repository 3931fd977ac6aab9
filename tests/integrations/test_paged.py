"""Any function becomes a tool whose long results are cards."""

import asyncio
import functools
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


class _Callable:
    def __call__(self, count: int) -> object:
        return list(range(count))


class _Awaited:
    async def __call__(self, count: int) -> object:
        return list(range(count))


def test_whatever_can_be_called_is_paged() -> None:
    """Static and class methods in either order, partials, callable objects, what returns a coroutine."""

    class Api:
        @paged(views=VIEWS)
        @staticmethod
        def static(batch: int) -> object:
            return rows(batch)

        @paged(views=VIEWS)
        @classmethod
        def of_class(cls, batch: int) -> object:
            return rows(batch)

    def add(first: int, count: int) -> object:
        return [first + n for n in range(count)]

    async def numbers(count: int) -> AsyncIterator[int]:
        for number in range(count):
            yield number

    assert Api.static(4).startswith("[r")
    assert "static" in Api().static(5)
    assert "of_class" in Api.of_class(6)
    partial = paged(functools.partial(add, 7), views=VIEWS)
    assert (partial.__name__, partial(900).startswith("[r")) == ("add", True)
    assert "_Callable" in paged(_Callable(), views=VIEWS)(900)
    assert "_Awaited" in asyncio.run(paged(_Awaited(), views=VIEWS)(900))
    assert "<lambda>" in asyncio.run(paged(lambda count: numbers(count), views=VIEWS)(900))


def test_arguments_are_kept_whatever_they_are_but_for_hidden_ones() -> None:
    """Names of keywords stand for themselves; what is no JSON, mixes its keys or holds itself is kept as text."""
    itself: list[object] = []
    itself.append(itself)

    @paged(views=VIEWS, hidden=["password"])
    def ask(*of: object, **more: object) -> object:
        return rows(len(of))

    ask(1, {2: 3, "a": {4}}, itself, (5, 6), password="hunter2", page=7)
    call = VIEWS.pager.results()[-1].call
    assert call is not None
    assert call.arguments["page"] == 7
    assert "[...]" in str(call.arguments["of"])
    assert "hunter2" not in str(call)


@pytest.mark.parametrize("value", [None, True, b"ab", bytes(5_000), ValueError("no"), "", float("nan")])
def test_any_value_is_told(value: object) -> None:
    """Nothing, a flag, bytes, an exception as a value: each is a text."""
    assert isinstance(paged(lambda: value, views=VIEWS)(), str)
