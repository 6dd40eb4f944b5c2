"""A document with a bit of everything, and messages that really travelled by it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Literal

from packages.topicwire.tests.identity.tokens import Tokens
from packages.topicwire.tests.trading import App
from pydantic import BaseModel, Field

from topicwire import ReplayLimits, WsRouter, WsRouterInterface, drop_oldest, latest
from topicwire.asgi.adapter import FastWSAdapter
from topicwire.asyncapi.document import build
from topicwire.testing import connect
from topicwire.types import Client, Direction, Position, TopicId
from topicwire.wire.frames import reset_frame

Message = tuple[Direction, str]
"""Which way it went, and its text."""


class Ask(BaseModel):
    """What a client asks for."""

    symbol: str = Field(examples=["AAPL"])
    depth: int = 1


class Card(BaseModel):
    kind: Literal["card"] = "card"
    number: str


class Cash(BaseModel):
    kind: Literal["cash"] = "cash"
    till: int | None = None


class Trade(BaseModel):
    """One trade."""

    symbol: str
    price: float
    size: tuple[int, str] = (1, "lot")
    paid: Annotated[Card | Cash, Field(discriminator="kind")]


class Preview(BaseModel):
    """What an order would cost."""

    cost: float


def application() -> App:
    trades = WsRouter[Ask, Trade](
        route="trades", tags=["trading"], replay=ReplayLimits(max_updates=10, max_age_s=60)
    )
    quotes = WsRouter[Ask, Trade](
        route="quotes",
        delivery=latest(key="symbol", max_rate_hz=10),
        topic_builder=lambda ask: f"quotes:{ask.symbol}",
        wildcards=True,
    )
    tape = WsRouter[Ask, Trade](
        route="tape", delivery=drop_oldest(max_queue=100), replay=None, snapshot="last"
    )

    @trades.send("preview", reply="preview.response")
    def preview(payload: Ask, client: Client) -> Preview:
        """Say what it would cost."""
        del client
        return Preview(cost=payload.depth)

    return App(trades, quotes, tape, authenticate=Tokens())


DOCUMENT: dict[str, Any] = build(application().adapter)


@contextmanager
def _recording(messages: list[Message]) -> Iterator[None]:
    def observe(adapter: FastWSAdapter, direction: Direction, message: str) -> None:
        del adapter
        messages.append((direction, message))

    FastWSAdapter.observers.append(observe)
    try:
        yield
    finally:
        FastWSAdapter.observers.remove(observe)


def _publisher(router: WsRouterInterface) -> WsRouter[Ask, Trade]:
    assert isinstance(router, WsRouter)
    return router


def trade(price: float, paid: Card | Cash) -> Trade:
    return Trade(symbol="AAPL", price=price, paid=paid)


async def record() -> list[Message]:
    """Every message of a session that uses everything which `DOCUMENT` describes."""
    messages: list[Message] = []
    with _recording(messages):
        app = application()
        trades, quotes, tape = (_publisher(one) for one in app.adapter.routers)
        async with connect(app.asgi, auth="ann:60") as client:
            await client.request("auth", {"token": "bad"})
            reply = await client.subscribe("trades", {"symbol": "AAPL"})
            for price, paid in ((1.5, Card(number="1")), (2.0, Cash()), (2.5, Cash(till=3))):
                trades.publish(reply["topic"], trade(price, paid))
            await client.settle()
            position = {"epoch": reply["epoch"], "seq": 1}
            await client.unsubscribe("trades", {"symbol": "AAPL"})
            await client.subscribe("trades", {"symbol": "AAPL"}, resume=position)
            await client.subscribe("trades", {"symbol": "IBM", "depth": 2}, resume={})
            await client.request("trades.preview", {"symbol": "AAPL", "depth": 3})
            await client.request("trades.preview", {"depth": "none"}, message_id="mine")
            await client.subscribe("trades", {"symbol": 1})
            await client.subscribe("quotes", {"symbol": "*"})
            quotes.publish("quotes:AAPL", trade(3, Cash()))
            reply = await client.subscribe("tape", {"symbol": "AAPL"})
            tape.publish(reply["topic"], trade(4, Cash()))
            async with connect(app.asgi, token="eve") as other:
                await other.subscribe("tape", {"symbol": "AAPL"})
                await other.settle()
            await client.request("nothing")
            app.adapter.revoke("ann", route="quotes")
            await client.settle()
            await app.adapter.drain(timeout_s=0)
    # Who lost the numbering is the backplane's affair; the hub says it with this message.
    topic = TopicId("trades", "trades:AAPL")
    told = reset_frame(topic, Position("epoch", 3), "renewed", has_snapshot=True)
    return [*messages, ("to_client", told.data.decode())]
