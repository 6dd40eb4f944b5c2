"""picows: `transport.send` to one after another."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from bench.fanout.servers.control import SUBSCRIBED, Messages, listening, open_control

# Imported by name: where this is type-checked it is not installed.
picows: Any = import_module("picows")
uvloop: Any = import_module("uvloop")
TEXT = picows.WSMsgType.TEXT
CLOSE = picows.WSMsgType.CLOSE
active: set[Any] = set()
messages = Messages()


def on_ws_frame(listener: Any, transport: Any, frame: Any) -> None:
    """Subscribe whoever says a word."""
    del listener
    if frame.msg_type == CLOSE:
        transport.send_close(frame.get_close_code(), frame.get_close_message())
        transport.disconnect()
    elif frame.msg_type == TEXT:
        transport.send(TEXT, SUBSCRIBED.encode())
        active.add(transport)


def on_ws_disconnected(listener: Any, transport: Any) -> None:
    """Forget a client."""
    del listener
    active.discard(transport)


Listener: Any = type(
    "Listener",
    (picows.WSListener,),
    {"on_ws_frame": on_ws_frame, "on_ws_disconnected": on_ws_disconnected},
)


def publish(count: int, at: int) -> None:
    """Send each update to all."""
    for _ in range(count):
        message = messages.next(at).encode()
        for transport in active:
            transport.send(TEXT, message)


async def main() -> None:
    """Serve until stopped."""
    accepting = listening()
    server = await picows.ws_create_server(lambda _: Listener(), sock=accepting)
    await open_control(accepting.getsockname()[1], publish)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
