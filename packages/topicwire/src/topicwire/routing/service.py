"""What feeds a topic: a service starts it for the first subscriber, and stops it after the last."""

from __future__ import annotations

import asyncio
import inspect
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeAlias, TypeGuard, TypeVar

from topicwire.errors import DeclarationError

_TData_co = TypeVar("_TData_co", covariant=True)

Started: TypeAlias = Awaitable[asyncio.Future[Any] | None] | asyncio.Future[Any] | None
"""What `create_topic` may return: nothing, or the task that feeds the topic; at once or awaited."""


class WsRouteService(ABC):
    """Feeds the topics of a route. Override `create_topic`, and `remove_topic` as a rule.

    For one topic the two are never called at the same time: `create_topic` once when the first
    client subscribes, however many do so at that moment, and `remove_topic` once after the last
    has left. Any class with these two methods is a service; inheriting says so to readers.

    Return the task that feeds the topic from `create_topic`, and it is watched. When it ends by
    itself, with an exception or without, its topic is interrupted: subscribers are told,
    `remove_topic` is called, and after a pause `create_topic` again, for as long as anyone is
    subscribed. So each `create_topic` that succeeded has its one `remove_topic`, dead or alive.
    Nobody hears of the death of a task that a service keeps to itself.

    A service may also have `get_snapshot(self, topic: str) -> Data | None`, a plain method that
    returns the topic's present state, None when there is none. It is called between `create_topic`
    and `remove_topic`, for each subscription that is not given what it missed, also one that asks
    again unless each update is a whole state, and its result is sent right after the reply. State
    and position are read in one step, so it includes every update that was given so far, and the
    updates after it follow. When it raises, or returns what the route does not declare, the
    subscription fails with `producer_failed`.

    On a route that says `full_state=True` it may be a coroutine. The position is read before it is
    called, and what is given meanwhile is held back and follows: so its result is newer than that
    position, and updates may follow that it includes already. It is awaited for at most
    `Settings.command_timeout_s`; several subscribers may ask at the same time.
    """

    @abstractmethod
    def create_topic(self, topic: str, topic_update: Callable[[Any], None]) -> Started:
        """Start feeding `topic`: call `topic_update(data)` with each update.

        A plain method or a coroutine. `topic_update` never blocks, and never raises because of a
        slow client; what it is given after `remove_topic` is discarded and counted. Updates given
        before this method has finished reach the subscribers that wait for it.

        Raising refuses the topic: every client waiting for it gets `producer_failed`, and
        `remove_topic` is not called. A coroutine that takes longer than
        `Settings.command_timeout_s` is cancelled, with the same effect. The task it returns, if
        any, runs for as long as the topic does: it is cancelled after `remove_topic`, and when it
        ends before, that is logged with its exception, and the topic is started again.
        """

    def remove_topic(self, topic: str) -> Awaitable[None] | None:
        """Stop feeding `topic`. A plain method or a coroutine; one that raises is logged.

        Also called for a producer that died: clear away what `create_topic` left.
        """
        del topic
        return None


class TopicService(Protocol[_TData_co]):
    """The shape of a service, for type checkers: one that feeds a route of another type fails."""

    def create_topic(self, topic: str, topic_update: Callable[[_TData_co], None], /) -> Started:
        """Start feeding `topic`."""
        ...

    def remove_topic(self, topic: str, /) -> Awaitable[None] | None:
        """Stop feeding `topic`."""
        ...


class _HasSnapshot(Protocol):
    def get_snapshot(self, topic: str, /) -> Any: ...


def check_service(service: object, route: str) -> None:
    """Accept a service, or say what it lacks.

    Raises:
        DeclarationError: `create_topic` or `remove_topic` is missing, or a class was passed.
    """
    name = service.__name__ if isinstance(service, type) else type(service).__name__
    if isinstance(service, type):
        raise DeclarationError(
            f"the service of route {route!r} is the class {name}, not an instance: pass `{name}()`."
        )
    for method, purpose in (
        ("create_topic", "(self, topic, topic_update): start calling topic_update(data)"),
        ("remove_topic", "(self, topic): stop"),
    ):
        if not callable(getattr(service, method, None)):
            raise DeclarationError(
                f"the service of route {route!r}, {name}, has no method {method}. "
                f"Add `def {method}{purpose}`, or derive it from WsRouteService."
            )


def has_snapshot(service: object) -> TypeGuard[_HasSnapshot]:
    """Say whether a service knows the present state of its topics."""
    return callable(getattr(service, "get_snapshot", None))


def reads_later(service: object) -> bool:
    """Say whether a service's `get_snapshot` is a coroutine."""
    return has_snapshot(service) and inspect.iscoroutinefunction(service.get_snapshot)
