"""The broker by REST and on the wire, asked of the real server."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx
import pytest
from backend.tests.serving import Served

from trading_api.models import AccountPosition, Order, OrderStatus, Problem

BUY = {"symbol": "AAPL", "side": 1, "type": 2, "qty": "10"}
ACCOUNT = {"account_id": "demo"}
ORDERS_TOPIC = 'orders:{"account_id":"demo"}'


async def place(served: Served, **changed: Any) -> Order:
    response = await served.rest.post("/broker/orders", json=BUY | changed)
    assert response.status_code == 201, response.text
    return Order.model_validate_json(response.content)


async def quote(served: Served, symbol: str = "AAPL") -> dict[str, Any]:
    response = await served.rest.get("/datafeed/quotes", params={"symbols": symbol})
    found: dict[str, Any] = response.json()[0]
    return found


async def order(served: Served, order_id: str) -> Order:
    listed = (await served.rest.get("/broker/orders")).json()
    [found] = [Order.model_validate(one) for one in listed if one["id"] == order_id]
    return found


def problem(response: httpx.Response) -> Problem:
    return Problem.model_validate_json(response.content)


async def test_a_market_order_is_filled_at_the_quote(served: Served) -> None:
    ask = (await quote(served))["ask"]
    filled = await place(served)
    assert (filled.status, filled.filled_qty, filled.leaves_qty) == (OrderStatus.FILLED, "10", "0")
    assert Decimal(str(filled.avg_price)) == Decimal(str(ask))
    [position] = (await served.rest.get("/broker/positions")).json()
    held = AccountPosition.model_validate(position)
    assert (held.symbol, held.side, held.qty, held.avg_price) == ("AAPL", 1, "10", filled.avg_price)
    assert held.realized == "0.00"
    assert Decimal(held.unrealized) == 10 * (Decimal(held.mark) - Decimal(str(ask)))


async def test_an_order_placed_by_rest_appears_on_the_subscription(served: Served) -> None:
    """checklist 25: another module's market fills it, the broker's callback tells it."""
    async with served.socket() as socket:
        reply = await socket.call("orders.subscribe", {})
        assert (reply["status"], reply["topic"]) == ("ok", ORDERS_TOPIC)
        placed = await place(served)
        told = [Order.model_validate(one) for one in await socket.updates("orders", 2)]
        assert [(one.id, one.version) for one in told] == [(placed.id, 1), (placed.id, 2)]
        assert [one.status for one in told] == [OrderStatus.WORKING, OrderStatus.FILLED]
        assert told[1] == placed


async def test_fills_happen_with_nobody_subscribed(served: Served) -> None:
    ask = (await quote(served))["ask"]
    resting = await place(served, type=1, limit_price=f"{ask - 0.01:.2f}", qty="3")
    assert resting.status is OrderStatus.WORKING
    assert served.clock.sleepers == 1, "one task watches the symbol, though nobody is subscribed"
    while served.clock.sleepers:
        await served.clock.advance(60_000)
    seen = await order(served, resting.id)
    assert (seen.status, seen.filled_qty) == (OrderStatus.FILLED, "3")
    assert Decimal(str(seen.avg_price)) <= Decimal(str(resting.limit_price))


async def test_a_fill_is_told_from_the_brokers_own_task(served: Served) -> None:
    """checklist 25: the market moves, and the order's subscriber hears of it."""
    async with served.socket() as socket:
        await socket.call("orders.subscribe", ACCOUNT)
        ask = (await quote(served))["ask"]
        resting = await place(served, type=1, limit_price=f"{ask - 0.01:.2f}", qty="3")
        assert Order.model_validate(await socket.update("orders")) == resting
        while served.clock.sleepers:
            await served.clock.advance(60_000)
        told = Order.model_validate(await socket.update("orders"))
        assert (told.id, told.status) == (resting.id, OrderStatus.FILLED)
        assert told == await order(served, resting.id)


async def test_a_fill_is_the_same_whether_anybody_looks_or_not(served: Served) -> None:
    """The market goes by; asking late finds what happened at its time."""
    ask = (await quote(served))["ask"]
    resting = await place(served, type=1, limit_price=f"{ask - 0.01:.2f}", qty="3")
    served.clock.jump(4 * 3_600_000)
    seen = await order(served, resting.id)
    assert seen.status is OrderStatus.FILLED
    assert seen.updated_time < served.clock.now_ms()


async def test_a_new_order_sees_no_quote_from_before_it(served: Served) -> None:
    first = await place(served, type=1, limit_price="1.00")
    await served.rest.delete(f"/broker/orders/{first.id}")
    served.clock.jump(100_000)
    second = await place(served, type=1, limit_price=f"{(await quote(served))['bid']:.2f}")
    await served.clock.advance(1_000_000)
    seen = await order(served, second.id)
    assert seen.updated_time > second.placed_time or seen.status is OrderStatus.WORKING


async def test_a_working_order_is_canceled_once(served: Served) -> None:
    resting = await place(served, type=1, limit_price="1.00")
    async with served.socket() as socket:
        await socket.call("orders.subscribe", ACCOUNT)
        response = await served.rest.delete(f"/broker/orders/{resting.id}")
        canceled = Order.model_validate_json(response.content)
        assert canceled.status is OrderStatus.CANCELED
        assert (canceled.leaves_qty, canceled.reason) == ("0", "canceled on request")
        assert Order.model_validate(await socket.update("orders")) == canceled
        again = await served.rest.delete(f"/broker/orders/{resting.id}")
        assert again.status_code == 409
        assert problem(again).code == "not_working"
        assert "is canceled: only a working order can be canceled" in problem(again).message
        await socket.silence()


async def test_a_filled_order_cannot_be_canceled(served: Served) -> None:
    filled = await place(served)
    response = await served.rest.delete(f"/broker/orders/{filled.id}")
    assert (response.status_code, problem(response).code) == (409, "not_working")
    assert f"order {filled.id} is filled" in problem(response).message


async def test_an_unknown_order_cannot_be_canceled(served: Served) -> None:
    response = await served.rest.delete("/broker/orders/O999999")
    assert (response.status_code, problem(response).code) == (404, "unknown_order")


async def test_what_exceeds_a_limit_is_rejected_with_the_reason(served: Served) -> None:
    async with served.socket() as socket:
        await socket.call("orders.subscribe", ACCOUNT)
        rejected = await place(served, qty="100001")
        assert rejected.status is OrderStatus.REJECTED
        assert "at most 100000" in str(rejected.reason)
        assert Order.model_validate(await socket.update("orders")) == rejected


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"qty": "0"}, 422, "not_positive"),
        ({"qty": "0.5"}, 422, "off_tick"),
        ({"qty": 10}, 422, "validation_error"),
        ({"type": 1, "limit_price": "430.123"}, 422, "off_tick"),
        ({"type": 1}, 422, "no_limit_price"),
        ({"type": 4}, 422, "unsupported_type"),
        ({"side": 2}, 422, "validation_error"),
        ({"symbol": "APPL"}, 404, "unknown_symbol"),
        ({"account_id": "other"}, 404, "unknown_account"),
        ({"quantity": "3"}, 422, "validation_error"),
    ],
)
async def test_what_is_no_order_is_refused(
    changed: dict[str, Any], status: int, code: str, served: Served
) -> None:
    response = await served.rest.post("/broker/orders", json=BUY | changed)
    assert (response.status_code, problem(response).code) == (status, code)
    assert (await served.rest.get("/broker/orders")).json() == []


async def test_a_client_order_id_places_once(served: Served) -> None:
    placed = await place(served, client_order_id="mine")
    again = await served.rest.post("/broker/orders", json=BUY | {"client_order_id": "mine"})
    assert again.status_code == 200
    assert Order.model_validate_json(again.content) == placed
    other = BUY | {"client_order_id": "mine", "qty": "11"}
    response = await served.rest.post("/broker/orders", json=other)
    assert (response.status_code, problem(response).code) == (409, "duplicate_client_order_id")
    assert len((await served.rest.get("/broker/orders")).json()) == 1


async def test_positions_are_told_with_each_fill_and_valued_anew_each_second(
    served: Served,
) -> None:
    async with served.socket() as socket:
        await socket.call("positions.subscribe", ACCOUNT)
        await place(served, symbol="GOOG", qty="7")
        opened = AccountPosition.model_validate(await socket.update("positions"))
        assert (opened.qty, opened.side, opened.avg_price is None) == ("7", 1, False)
        await served.clock.advance(3_000)
        marked = AccountPosition.model_validate(await socket.update("positions"))
        assert marked.mark != opened.mark
        gain = 7 * (Decimal(marked.mark) - Decimal(str(opened.avg_price)))
        assert Decimal(marked.unrealized) == gain
        await place(served, symbol="GOOG", qty="7", side=-1)
        while (closed := await socket.update("positions"))["qty"] != "0":
            pass
        assert closed["avg_price"] is None
        assert closed["unrealized"] == "0.00"
        await socket.call("positions.unsubscribe", ACCOUNT)
        assert served.clock.sleepers == 0, "nothing is valued for nobody"


@pytest.mark.parametrize("route", ["orders", "positions"])
async def test_an_unknown_account_is_an_error_reply(route: str, served: Served) -> None:
    """checklist 27."""
    async with served.socket() as socket:
        reply = await socket.call(f"{route}.subscribe", {"account_id": "other"})
        assert (reply["status"], reply["code"]) == ("error", "validation_error")
        assert reply["message"] == "unknown account 'other': known is demo"
    response = await served.rest.get(f"/broker/{route}", params={"account_id": "other"})
    assert (response.status_code, problem(response).code) == (404, "unknown_account")


async def test_a_dropped_subscriber_takes_nothing_with_it(served: Served) -> None:
    async with served.socket() as socket:
        await socket.call("orders.subscribe", ACCOUNT)
        resting = await place(served, type=1, limit_price="1.00")
    assert (await order(served, resting.id)).status is OrderStatus.WORKING
    assert served.clock.sleepers == 1


async def test_a_body_that_is_no_json_has_no_field_to_blame(served: Served) -> None:
    headers = {"content-type": "application/json"}
    response = await served.rest.post("/broker/orders", content=b"{'symbol'}", headers=headers)
    assert response.status_code == 422
    [detail] = problem(response).details
    assert (detail.path, detail.kind) == ("body", "json_invalid")
    assert problem(response).message.startswith("body: ")


async def test_the_document_says_which_order_type_is_which(served: Served) -> None:
    schemas = (await served.rest.get("/openapi.json")).json()["components"]["schemas"]
    told = schemas["OrderType"]["description"]
    assert told == "1 limit, 2 market, 3 stop, 4 stop-limit (stops are not accepted yet)."
    for example in schemas["PlaceOrder"]["examples"]:
        assert (await served.rest.post("/broker/orders", json=example)).status_code == 201
