"""Who stands between a server and the endpoint: a middleware that wraps `send` or `receive`.

The hub may write to a server's socket. Whoever wraps `send` would not see what it writes so, and
would not know that there is something that it does not see.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import CodeType
from typing import Any

from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.types import Message, Receive, Scope, Send

from topicwire.asgi.server_socket import ServerSocket


def wraps_send(socket: ServerSocket, send: Send) -> str | None:
    """Return the name of what stands between the server and `send`; None where nobody does.

    Guarantee: where it is None, an event that is given to `send` reaches the server as it is, and
    nobody sees it on its way. Whoever hands on the server's own `send`, as a middleware does that
    minds HTTP alone, does not stand between; nor does what Starlette puts around `send` in every
    application to handle exceptions, which looks at the answers of HTTP alone.
    """
    own = socket.send
    if send == own:  # in applications without Starlette
        return None
    code, index = _starlettes_own()
    given: Any = send
    while getattr(given, "__code__", None) is code:
        given = given.__closure__[index].cell_contents
    return None if given == own else _name(given)


def wraps_receive(socket: ServerSocket, receive: Receive) -> str | None:
    """Return the name of what stands between the server and `receive`; None where nobody does."""
    return None if receive == socket.receive else _name(receive)


@cache
def _starlettes_own() -> tuple[CodeType | None, int]:
    """Return the code of what Starlette puts around `send`, and which of its cells has `send`.

    It is no public name of Starlette's, so it is taken from what Starlette does. Where that is
    something else one day, it counts as anybody who stands between.
    """
    given: list[Any] = []

    async def own(message: Message) -> None:
        """Stand for a server's."""

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def endpoint(scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive
        given.append(send)

    call = ExceptionMiddleware(endpoint)({"type": "websocket"}, receive, own)
    for _ in call.__await__():  # it waits for nothing
        pass
    (around,) = given
    for index, cell in enumerate(getattr(around, "__closure__", None) or ()):
        if cell.cell_contents is own:
            return around.__code__, index
    return None, 0


def _name(given: Callable[..., Any]) -> str:
    """Return how a person finds `given` in the sources."""
    function = getattr(given, "func", given)  # of a partial
    code = getattr(function, "__code__", None)
    if code is not None:  # `functools.wraps` gives it the names of what it wraps
        return f"{function.__globals__['__name__']}.{code.co_qualname}"
    kind = type(function)
    return f"{kind.__module__}.{kind.__qualname__}"
