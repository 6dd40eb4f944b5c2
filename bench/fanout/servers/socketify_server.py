"""socketify: `app.publish` to a topic."""

from __future__ import annotations

import socket
from importlib import import_module
from typing import Any

from bench.fanout.servers.control import SUBSCRIBED, Messages, open_control

# Imported by name: where this is type-checked it is not installed.
socketify: Any = import_module("socketify")
TEXT = socketify.OpCode.TEXT
app: Any = socketify.App(lifespan=False)
messages = Messages()


def subscribe(ws: Any, message: Any, opcode: Any) -> None:
    """Subscribe whoever says a word."""
    del message
    ws.subscribe("quotes")
    ws.send(SUBSCRIBED, opcode)


def publish(count: int, at: int) -> None:
    """Publish each update to the topic."""
    for _ in range(count):
        app.publish("quotes", messages.next(at), TEXT)


def free_port() -> int:
    """A port that was free a moment ago: socketify does not say which it was given."""
    with socket.create_server(("127.0.0.1", 0)) as one:
        port: int = one.getsockname()[1]
        return port


if __name__ == "__main__":
    port = free_port()
    app.ws("/ws", {"message": subscribe, "compression": 0, "idle_timeout": 120})
    app.listen(socketify.AppListenOptions(port=port, host="127.0.0.1"), lambda _: None)
    app.loop.create_background_task(lambda: open_control(port, publish))
    app.run()
