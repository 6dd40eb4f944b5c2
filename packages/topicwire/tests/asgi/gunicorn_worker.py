"""gunicorn's worker process as docs/serving.md has it."""

from __future__ import annotations

import warnings
from typing import Any

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # there is a package for it, with the same class
    from uvicorn.workers import UvicornWorker


class Worker(UvicornWorker):
    """uvicorn, as `topicwire serve` sets it."""

    CONFIG_KWARGS: dict[str, Any] = {  # noqa: RUF012 - as uvicorn declares it
        "ws": "topicwire.asgi.uvicorn:WebSocketProtocol",
        "http": "topicwire.asgi.uvicorn_http:HttpProtocol",
        "ws_per_message_deflate": False,
    }
