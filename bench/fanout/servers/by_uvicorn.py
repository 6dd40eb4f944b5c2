"""Serve an ASGI application by uvicorn, on uvloop, without logs or compression."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from bench.fanout.servers.control import Command, Publish, listening, open_control


async def serve(
    app: Any, publish: Publish, commands: Mapping[str, Command], ws: Any, http: Any
) -> None:
    """Serve until stopped."""
    uvicorn = import_module("uvicorn")  # of the server's own environment
    sockets = [listening()]
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        ws=ws,
        http=http,
        ws_per_message_deflate=False,
        ssl_certfile=os.environ.get("BENCH_CERTIFICATE"),
        ssl_keyfile=os.environ.get("BENCH_KEY"),
    )
    await open_control(sockets[0].getsockname()[1], publish, commands)
    await uvicorn.Server(config).serve(sockets)


def run(
    app: Any,
    publish: Publish,
    commands: Mapping[str, Command] | None = None,
    ws: Any = "auto",
    http: Any = "auto",
) -> None:
    """Serve, on uvloop as `uvicorn[standard]` does."""
    import_module("uvloop").run(serve(app, publish, commands or {}, ws, http))
