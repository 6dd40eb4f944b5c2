"""FastWS: `server_send` to a topic, as its documentation sends from the server."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Any

from bench.fanout.servers.by_uvicorn import run
from bench.fanout.servers.control import data
from fastapi import Depends, FastAPI
from pydantic import BaseModel

# Imported by name: where this is type-checked it is not installed.
fastws: Any = import_module("fastws")
Message: Any = import_module("fastws.routing").Message


class Everyone(BaseModel):
    """All ask for the same topic."""


class Quote(BaseModel):
    """An update."""

    symbol: str
    at: int
    text: str


class Subscribed(BaseModel):
    """The reply."""

    status: str


service = fastws.FastWS()


async def subscribe(payload: Everyone, client: Any) -> Subscribed:
    """Subscribe."""
    del payload
    client.subscribe("quotes")
    return Subscribed(status="ok")


async def update(payload: Quote) -> Quote:
    """Give an update on."""
    return payload


async def endpoint(client: Any) -> None:
    """Serve a client."""
    await service.serve(client)


# evaluated here: the module's annotations are strings, and these name what is imported above
subscribe.__annotations__ = {"payload": Everyone, "client": fastws.Client, "return": Subscribed}
update.__annotations__ = {"payload": Quote, "return": Quote}
endpoint.__annotations__ = {"client": Annotated[fastws.Client, Depends(service.manage)]}
service.send("quotes.subscribe", reply="quotes.subscribed")(subscribe)
service.recv("quotes.update")(update)
app = FastAPI()
app.websocket("/ws")(endpoint)
_published = 0


async def publish(count: int, at: int) -> None:
    """Send each update to the topic."""
    global _published  # noqa: PLW0603 - for the size of the text
    for _ in range(count):
        _published += 1
        message = Message(type="quotes.update", payload=data(at, _published))
        await service.server_send(message, topic="quotes")


if __name__ == "__main__":
    run(app, publish)
