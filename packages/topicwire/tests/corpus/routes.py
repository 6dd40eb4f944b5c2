"""An app with a route for each construct of the corpus."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import is_dataclass
from typing import Any

from packages.topicwire.tests.corpus.constructs import CONSTRUCTS, Construct
from pydantic import BaseModel
from typing_extensions import is_typeddict

from topicwire.asgi.adapter import FastWSAdapter
from topicwire.routing.router import WsRouter
from topicwire.routing.service import WsRouteService


class ListenRequest(BaseModel):
    """Asks for everything."""


def route_name(construct: Construct) -> str:
    return construct.name


def request_type(construct: Construct) -> Any:
    """The construct itself where it is an object; otherwise there is nothing to ask for."""
    kind = construct.payload_type
    is_model = isinstance(kind, type) and issubclass(kind, BaseModel)
    is_object = is_model and not getattr(kind, "__pydantic_root_model__", False)
    return kind if is_object or is_dataclass(kind) or is_typeddict(kind) else ListenRequest


def adapter_of(routes: Mapping[str, tuple[Any, Any]], **options: Any) -> FastWSAdapter:
    """An app with a route for each name: `(request type, data type)`."""
    adapter = FastWSAdapter(**{"title": "Corpus", "version": "1.0.0", **options})
    generic: Any = WsRouter  # its arguments are known at run time alone
    for name, (request, data) in routes.items():
        adapter.include_router(generic[request, data](route=name, tags=["corpus"]))
    return adapter


class Feed(WsRouteService):
    """Sends the same values to each new topic."""

    def __init__(self, values: Iterable[Any]) -> None:
        self.values = [*values]
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def create_topic(self, topic: str, topic_update: Callable[[Any], None]) -> None:
        # Kept to itself: the end of the values is not the death of the topic.
        self.tasks[topic] = asyncio.get_running_loop().create_task(self._send(topic_update))

    def remove_topic(self, topic: str) -> None:
        self.tasks.pop(topic).cancel()

    async def _send(self, topic_update: Callable[[Any], None]) -> None:
        for value in self.values:
            topic_update(value)


def corpus_adapter(
    constructs: Iterable[Construct] = CONSTRUCTS,
    heard: Callable[[str, Any], object] = lambda *_: None,
    feeds: Mapping[str, Iterable[Any]] | None = None,
    **options: Any,
) -> FastWSAdapter:
    """An app with a route for each construct, each with an operation `echo` that gives back.

    Args:
        constructs: one route each.
        heard: called with the route's name and each value that a client has sent to `echo`.
        feeds: by the name of the route, what is published to each new topic.
        options: of the adapter.
    """
    adapter = FastWSAdapter(title="Corpus", version="1.0.0", **options)
    generic: Any = WsRouter  # its arguments are known at run time alone
    for one in constructs:
        service = Feed(feeds[one.name]) if feeds else None
        kind = generic[request_type(one), one.payload_type]
        router = kind(route=one.name, tags=["corpus"], service=service)
        router.send("echo", reply="echo.response")(_echo(one, heard))
        adapter.include_router(router)
    return adapter


def _echo(construct: Construct, heard: Callable[[str, Any], object]) -> Callable[..., Any]:
    async def echo(payload: Any) -> Any:
        """Give back what was sent."""
        heard(construct.name, payload)
        return payload

    kind = construct.payload_type
    echo.__annotations__ = {"payload": kind, "return": kind}
    return echo
