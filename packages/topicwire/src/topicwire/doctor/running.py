"""The application served here, for a moment, so that what it publishes can be seen."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.types import ASGIApp

from topicwire.asgi.adapter import FastWSAdapter
from topicwire.codegen.application import Application
from topicwire.codegen.errors import ConfigError


@asynccontextmanager
async def served_here(application: Application) -> AsyncIterator[str]:
    """Serve it on a free port of the loopback interface. Gives the address of its WebSocket.

    Its lifespan runs, so whatever the application does when it starts, it does.

    Raises:
        ConfigError: uvicorn is not installed, or the application does not start.
    """
    try:
        import uvicorn  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ConfigError(
            "To run the application here uvicorn is needed: pip install 'topicwire[uvicorn]'. Or "
            "start it yourself, and say where: --url http://127.0.0.1:8000"
        ) from error

    listening = asyncio.Event()

    class Server(uvicorn.Server):
        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            listening.set()

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            _whole(application),
            ws="topicwire.asgi.uvicorn:WebSocketProtocol",
            log_level="error",
            timeout_graceful_shutdown=2,
        )
        server = Server(config)
        serving = asyncio.create_task(server.serve([listener]))
        waiting = asyncio.create_task(listening.wait())
        try:
            await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
            if server.should_exit or not server.started:
                raise ConfigError(
                    "the application does not start: its lifespan fails. What it raised stands "
                    "above."
                )
            yield f"ws://127.0.0.1:{listener.getsockname()[1]}{application.adapter.path}"
        finally:
            waiting.cancel()
            server.should_exit = True
            await serving


def _whole(application: Application) -> ASGIApp:
    """The application as it is served; an adapter that is on none gets one."""
    api: Any = application.api
    if api is not None and application.adapter in getattr(api.state, "topicwire", ()):
        whole: ASGIApp = api
        return whole
    alone = Starlette()
    application.adapter.setup(alone)
    return alone


@contextmanager
def publishes(adapter: FastWSAdapter, route: str) -> Iterator[Counter[str]]:
    """Count what is published to each topic of a route, by the line that the hub logs of it."""
    logger = logging.getLogger(adapter.logger_name)
    hearing = _Hearing(route, logger.getEffectiveLevel())
    level = logger.level
    logger.addFilter(hearing)
    logger.setLevel(logging.DEBUG)
    try:
        yield hearing.counts
    finally:
        logger.setLevel(level)
        logger.removeFilter(hearing)


class _Hearing(logging.Filter):
    """Counts the lines of a route's publishes; lets through what would be without it."""

    def __init__(self, route: str, level: int) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()
        self._route = route
        self._level = level

    def filter(self, record: logging.LogRecord) -> bool:
        if record.msg.startswith("publish: ") and getattr(record, "route", "") == self._route:
            self.counts[str(getattr(record, "topic", ""))] += 1
        return record.levelno >= self._level
