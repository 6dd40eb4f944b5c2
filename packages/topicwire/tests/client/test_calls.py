"""Operations of a route, and what a server answers."""

from __future__ import annotations

import asyncio

import pytest
from packages.topicwire.tests.client.fakes import Bench, Trade, TradesRequest

from topicwire.client import (
    DisconnectedError,
    RefusedError,
)


async def test_a_call_returns_its_reply_as_the_type() -> None:
    bench = Bench()
    async with bench.client:
        bench.socket.open()
        asking = asyncio.ensure_future(bench.trades.call("quote", TradesRequest(), Trade))
        await asyncio.sleep(0)
        bench.socket.answer("trades.quote", {"price": 3})
        assert await asking == Trade(price=3)
        assert bench.socket.last("trades.quote")["payload"] == {"symbol": "AAPL"}


async def test_a_call_is_refused_with_the_servers_code() -> None:
    bench = Bench()
    async with bench.client:
        bench.socket.open()
        asking = asyncio.ensure_future(bench.trades.call("quote", None, Trade))
        await asyncio.sleep(0)
        command = bench.socket.last("trades.quote")
        assert "payload" not in command
        details = [{"path": "price", "message": "missing", "kind": "missing"}]
        error = {"code": "validation_error", "message": "Invalid", "details": details}
        bench.socket.say({"type": "error", "id": command["id"], "payload": error})
        with pytest.raises(RefusedError, match=r"trades\.quote: Invalid") as refused:
            await asking
        assert (refused.value.code, refused.value.type) == ("validation_error", "trades.quote")
        assert refused.value.details[0]["path"] == "price"


async def test_a_call_is_not_repeated_after_a_loss() -> None:
    bench = Bench()
    async with bench.client:
        bench.socket.open()
        asking = asyncio.ensure_future(bench.trades.call("order", None, Trade))
        await asyncio.sleep(0)
        bench.socket.lose()
        with pytest.raises(DisconnectedError, match="may have been carried out"):
            await asking
        assert bench.reconnect().sent == []


async def test_what_json_cannot_say_is_null_in_a_call_as_in_a_model() -> None:
    bench = Bench()
    async with bench.client:
        bench.socket.open()
        asking = asyncio.ensure_future(bench.trades.call("quote", {"limit": float("nan")}, Trade))
        await asyncio.sleep(0)
        assert bench.socket.last("trades.quote")["payload"] == {"limit": None}
        bench.socket.answer("trades.quote", {"price": 1})
        assert (await asking).price == 1
