"""A function whose long results an agent sees as cards."""

import functools
import inspect
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Mapping
from typing import Any, ParamSpec, overload

from pager import Pager

from .views import Views

P = ParamSpec("P")
STORE = ".toolpager"


@overload
def paged(
    function: Callable[P, object], /, *, views: Views | None = None, hidden: Collection[str] = ()
) -> Callable[P, Any]: ...


@overload
def paged(
    *, views: Views | None = None, hidden: Collection[str] = ()
) -> Callable[[Callable[P, object]], Callable[P, Any]]: ...


def paged(
    function: Callable[P, object] | None = None, /, *, views: Views | None = None, hidden: Collection[str] = ()
) -> Any:
    """Make a tool tell a short result as it is, and a longer one by its card, with the whole in the store.

    `views` says which pager and which limits; give its `open`, `find` and `query` to the agent too. Without it the
    pager is one in `.toolpager`, opened at the first call (`shared_views()`). Functions, methods of every kind,
    coroutines, generators, async generators, partials and callable objects keep their names, parameters and
    docstrings; a generator's items are one result. What the function raises it raises still. A function that calls
    itself by its paged name gets text; its plain self is `__wrapped__`.

    The arguments of a call are kept with its result and named in what the agent is told; those in `hidden` (a key, a
    password) are not.

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
        return functools.partial(paged, views=views, hidden=hidden)
    if isinstance(function, staticmethod | classmethod):
        return type(function)(paged(function.__func__, views=views, hidden=hidden))
    signature, plain = inspect.signature(function), _plain(function)

    def told(value: object, args: tuple[object, ...], keywords: Mapping[str, object]) -> str:
        given = _given(signature, args, keywords, hidden)
        whole = list(value) if isinstance(value, Iterator) else value
        return (views or shared_views()).shown(whole, tool=plain.__name__, arguments=given)

    async def awaited(value: Any, args: tuple[object, ...], keywords: Mapping[str, object]) -> str:
        whole = [item async for item in value] if isinstance(value, AsyncIterator) else await value
        return told(whole, args, keywords)

    @functools.wraps(function)
    async def later(*args: P.args, **keywords: P.kwargs) -> str:
        return await awaited(function(*args, **keywords), args, keywords)

    @functools.wraps(function)
    def now(*args: P.args, **keywords: P.kwargs) -> Any:
        value = function(*args, **keywords)
        is_later = isinstance(value, AsyncIterator | Awaitable)
        return awaited(value, args, keywords) if is_later else told(value, args, keywords)

    wrapper: Any = later if inspect.iscoroutinefunction(plain) or inspect.isasyncgenfunction(plain) else now
    wrapper.__name__ = plain.__name__
    wrapper.__annotations__ = {**plain.__annotations__, "return": str}  # frameworks read it: what comes is text
    return wrapper


@functools.cache
def shared_views() -> Views:
    """The views of the pager in `.toolpager`, opened once in a process."""
    return Views(Pager(STORE))


def _plain(function: Any) -> Any:
    """The function behind a partial or a callable object; that one is named as its class."""
    while isinstance(function, functools.partial):
        function = function.func
    if hasattr(function, "__name__"):
        return function
    call = functools.partial(type(function).__call__)
    call.__name__ = type(function).__name__  # type: ignore[attr-defined]
    call.__annotations__ = getattr(type(function).__call__, "__annotations__", {})
    return call


def _given(
    signature: inspect.Signature, args: tuple[object, ...], keywords: Mapping[str, object], hidden: Collection[str]
) -> dict[str, object]:
    """The arguments of a call by name, as JSON values, without the object a method is of."""
    given: dict[str, object] = {}
    for name, value in signature.bind(*args, **keywords).arguments.items():
        if signature.parameters[name].kind is inspect.Parameter.VAR_KEYWORD:
            given |= value
        elif name not in ("self", "cls"):
            given[name] = value
    return {name: _json(value) for name, value in given.items() if name not in hidden}


def _json(value: object) -> object:
    value = list(value) if isinstance(value, tuple) else value
    try:
        json.dumps(value, sort_keys=True)
    except (TypeError, ValueError, RecursionError):
        return repr(value)
    return value
