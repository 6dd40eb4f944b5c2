"""Operations of an application: asked and answered beside subscriptions."""

from __future__ import annotations

import pytest
from packages.topicwire.tests.trading import (
    AAPL,
    IBM,
    App,
    TradeRequest,
)
from pydantic import BaseModel

from topicwire import (
    Client,
    OperationRouter,
    Rejected,
)
from topicwire.testing import connect


class OrderPreview(BaseModel):
    cost: float


def orders() -> OperationRouter:
    router = OperationRouter(prefix="orders.", tags=["trading"])

    @router.send("preview", reply="preview.response")
    async def preview(payload: TradeRequest) -> OrderPreview:
        """What an order would cost."""
        if payload.symbol == "AAPL":
            raise Rejected("Not tradable")
        return OrderPreview(cost=payload.depth)

    @router.send("touch")
    def touch(client: Client) -> None:
        """Sign of life, not answered."""
        del client

    @router.send("wrong", reply="wrong.response")
    def wrong() -> OrderPreview:
        """Answers with what it does not declare."""
        return "free"  # type: ignore[return-value]  # that is the test

    return router


async def test_an_operation_of_your_own() -> None:
    app = App(orders())
    async with connect(app.asgi) as client:
        reply = await client.request("orders.preview", IBM, message_id=1)
        assert reply == {"type": "orders.preview.response", "id": 1, "payload": {"cost": 1.0}}
        await client.send({"type": "orders.touch"})
        assert await client.settle() == []
        refused = await client.request("orders.preview", AAPL, message_id=2)
        assert refused == {
            "type": "error",
            "id": 2,
            "payload": {"code": "forbidden", "message": "Not tradable"},
        }
        invalid = await client.request("orders.preview", {}, message_id=3)
        assert invalid["type"] == "error"
        assert invalid["payload"]["details"] == [
            {"path": "symbol", "message": "Field required", "kind": "missing"}
        ]


async def test_a_reply_of_another_type_is_a_fault_of_ours(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = App(orders())
    async with connect(app.asgi) as client:
        assert (await client.request("orders.wrong"))["payload"]["code"] == "internal"
    assert "orders.wrong.response" in caplog.text
