"""Hooks of a route: functions of the application that look at a request before it is served."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import TypeAlias, TypeVar

from topicwire.replies import SubscriptionResponse
from topicwire.types import Client

_TRequest = TypeVar("_TRequest")

RequestHandler: TypeAlias = Callable[
    [_TRequest, Client], SubscriptionResponse | Awaitable[SubscriptionResponse | None] | None
]
"""Looks at a request before it is served: a plain function or a coroutine, `(request, client)`.

It lets the request pass by returning nothing. It refuses by raising `Rejected("why")`, or by
returning a `SubscriptionResponse` with `status="error"`, which is then the reply.
"""


async def ask(
    hook: RequestHandler[_TRequest] | None, request: _TRequest, client: Client
) -> SubscriptionResponse | None:
    """Ask a hook, if there is one. Returns the reply that it gave instead of the route's own."""
    if hook is None:
        return None
    answer = hook(request, client)
    return await answer if isawaitable(answer) else answer
