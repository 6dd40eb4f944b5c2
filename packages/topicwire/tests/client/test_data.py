"""What an update carries, as the model takes it."""

from __future__ import annotations

import asyncio

import pytest
from packages.topicwire.tests.client.fakes import Bench, Trade, TradesRequest
from packages.topicwire.tests.client.taken import Taken, subscribed
from pydantic import BaseModel, TypeAdapter

from topicwire.client import (
    InvalidDataError,
)


async def test_data_that_the_model_does_not_take_ends_the_subscription() -> None:
    bench, taken = Bench(), Taken()
    async with bench.client:
        await subscribed(bench, taken)
        bench.socket.update(1, price="the secret")
        bench.socket.update(2)
        assert bench.socket.sent[-1]["type"] == "trades.unsubscribe"
    assert (taken.updates, taken.errors) == ([], ["invalid_data"])


async def test_what_is_wrong_with_data_is_said_without_its_value() -> None:
    bench = Bench()
    async with bench.client:
        bench.socket.open()
        asking = asyncio.ensure_future(bench.trades.call("quote", None, Trade))
        await asyncio.sleep(0)
        bench.socket.answer("trades.quote", {"price": "the secret"})
        with pytest.raises(InvalidDataError, match=r"`price` is not what Trade takes") as invalid:
            await asking
        assert "secret" not in str(invalid.value)


async def test_anything_that_pydantic_validates_may_be_data() -> None:
    bench = Bench()
    routes = [
        bench.client.route("trades", TradesRequest, list[Trade]),
        bench.client.route("trades", TradesRequest, TypeAdapter(list[Trade])),
    ]
    async with bench.client:
        streams = [route.stream(TradesRequest()) for route in routes]
        bench.socket.open()
        bench.socket.accept()
        payload = {"topic": "t", "seq": 1, "payload": [{"price": 1}]}
        bench.socket.say({"type": "trades.update", "payload": payload})
        assert [await anext(stream) for stream in streams] == [[Trade(price=1)]] * 2


async def test_a_model_that_is_strict_takes_what_json_has() -> None:
    class Strict(BaseModel, strict=True, frozen=True):
        tags: frozenset[str]

    bench = Bench()
    route = bench.client.route("trades", TradesRequest, Strict)
    async with bench.client:
        stream = route.stream(TradesRequest())
        bench.socket.open()
        bench.socket.accept()
        payload = {"topic": "t", "seq": 1, "payload": {"tags": ["a"]}}
        bench.socket.say({"type": "trades.update", "payload": payload})
        assert (await anext(stream)).tags == {"a"}
