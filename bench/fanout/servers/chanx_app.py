"""chanx: an event broadcast to a group, sent on by each consumer, as its documentation pushes."""

from __future__ import annotations

import logging
import sys
from importlib import import_module
from typing import Any, Literal

from bench.fanout.servers.by_uvicorn import run
from bench.fanout.servers.control import data
from fastapi import FastAPI
from pydantic import BaseModel
from starlette.routing import WebSocketRoute

# Imported by name: where this is type-checked they are not installed.
decorators: Any = import_module("chanx.core.decorators")
layers: Any = import_module("fast_channels.layers")
structlog: Any = import_module("structlog")
BaseMessage: Any = import_module("chanx.messages.base").BaseMessage
Base: Any = import_module("chanx.fast_channels.websocket").AsyncJsonWebsocketConsumer


class Quote(BaseModel):
    """An update."""

    symbol: str
    at: int
    text: str


def message(name: str, action: str, payload: Any) -> Any:
    """A message of chanx's: `action: Literal["..."] = "..."`, `payload: ...`."""
    body = {"action": Literal[action], "payload": payload}
    space = {"__annotations__": body, "__module__": __name__, "action": action}
    return type(name, (BaseMessage,), space)


Subscribe = message("Subscribe", "subscribe", dict[str, int])
Subscribed = message("Subscribed", "subscribed", dict[str, int])
QuoteEvent = message("QuoteEvent", "quote_event", Quote)
QuoteUpdate = message("QuoteUpdate", "quotes.update", Quote)


async def handle_subscribe(self: Any, message: Any) -> Any:
    """Join the group."""
    del message
    await self.join_group("quotes")
    return Subscribed(action="subscribed", payload={})


async def quote_event(self: Any, event: Any) -> Any:
    """Send an event on to the client."""
    del self
    return QuoteUpdate(action="quotes.update", payload=event.payload)


# evaluated here: the module's annotations are strings
handle_subscribe.__annotations__ = {"message": Subscribe, "return": Subscribed}
quote_event.__annotations__ = {"event": QuoteEvent, "return": QuoteUpdate}

Consumer: Any = decorators.channel(name="quotes", description="Quotes")(
    type(
        "Consumer",
        (Base,),
        {
            "__module__": __name__,
            "channel_layer_alias": "default",
            "handle_subscribe": decorators.ws_handler(output_type=Subscribed)(handle_subscribe),
            "quote_event": decorators.event_handler(output_type=QuoteUpdate)(quote_event),
        },
    )
)
# it logs each connection and message otherwise, and waits for a thread that writes the line
structlog.configure(
    wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
    logger_factory=structlog.PrintLoggerFactory(sys.stderr),
)
layers.register_channel_layer("default", layers.InMemoryChannelLayer())
app = FastAPI()
app.router.routes.append(WebSocketRoute("/ws", Consumer.as_asgi()))
_published = 0


async def publish(count: int, at: int) -> None:
    """Broadcast each update to the group."""
    global _published  # noqa: PLW0603 - for the size of the text
    for _ in range(count):
        _published += 1
        event = QuoteEvent(action="quote_event", payload=Quote(**data(at, _published)))
        await Consumer.broadcast_event(event, groups=["quotes"])


if __name__ == "__main__":
    run(app, publish)
