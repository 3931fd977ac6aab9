"""A function whose long results an agent sees as cards."""

import functools
import inspect
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any, ParamSpec, overload

from pager import Pager

from .views import Views

P = ParamSpec("P")
STORE = ".toolpager"


@overload
def paged(function: Callable[P, object], /, *, views: Views | None = None) -> Callable[P, Any]: ...


@overload
def paged(*, views: Views | None = None) -> Callable[[Callable[P, object]], Callable[P, Any]]: ...


def paged(function: Callable[P, object] | None = None, /, *, views: Views | None = None) -> Any:
    """Make a tool tell a short result as it is, and a longer one by its card, with the whole in the store.

    `views` says which pager and which limits; give its `open`, `find` and `query` to the agent too. Without it the
    pager is one in `.toolpager`, opened at the first call (`shared_views()`). Functions, methods, coroutines,
    generators and async generators keep their names, parameters and docstrings; a generator's items are one result.
    What the function raises it raises still.

    >>> from pager import Pager
    >>> views = Views(Pager())
    >>> @paged(views=views)
    ... def rows(count: int) -> list[dict[str, int]]:
    ...     return [{"id": n, "ms": 20 + n % 7} for n in range(count)]
    >>> rows(2)
    '[\\n{"id": 0, "ms": 20},\\n{"id": 1, "ms": 21}\\n]'
    >>> rows(500).splitlines()[0]
    '[r2: rows, table, 500 rows, 11392 bytes]'
    """
    if function is None:
        return functools.partial(paged, views=views)
    signature = inspect.signature(function)

    def told(value: object, args: tuple[object, ...], keywords: Mapping[str, object]) -> str:
        bound = signature.bind(*args, **keywords).arguments
        given = {name: _json(one) for name, one in bound.items() if name not in ("self", "cls")}
        return (views or shared_views()).shown(value, tool=function.__name__, arguments=given)

    @functools.wraps(function)
    async def later(*args: P.args, **keywords: P.kwargs) -> str:
        value: Any = function(*args, **keywords)
        whole = [item async for item in value] if isinstance(value, AsyncIterator) else await value
        return told(whole, args, keywords)

    @functools.wraps(function)
    def now(*args: P.args, **keywords: P.kwargs) -> str:
        value = function(*args, **keywords)
        return told(list(value) if isinstance(value, Iterator) else value, args, keywords)

    is_async = inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)
    wrapper = later if is_async else now
    wrapper.__annotations__ = {**function.__annotations__, "return": str}  # frameworks read it: what comes is text
    return wrapper


@functools.cache
def shared_views() -> Views:
    """The views of the pager in `.toolpager`, opened once in a process."""
    return Views(Pager(STORE))


def _json(value: object) -> object:
    return value if isinstance(value, str | int | float | bool | None | list | dict) else repr(value)
