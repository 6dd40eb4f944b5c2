"""What a declared delivery asks of the updates' data, when the route is included and later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from packages.topicwire.tests.trading import App, Trade, TradeRequest
from typing_extensions import TypedDict

from topicwire import DeclarationError, PublishError, WsRouter, latest, lossless
from topicwire.asgi.conflation import conflation
from topicwire.testing import connect
from topicwire.wire.codec import JsonEncoder
from topicwire.wire.marks import Mark, read_mark


@dataclass
class Record:
    name: str
    done: bool = False


class Entry(TypedDict):
    name: str
    done: bool


def marks(delivery: Any, data_type: Any, data: Any) -> Mark:
    made = conflation(delivery, data_type, JsonEncoder(data_type, "r.update"), "r.update")
    assert made is not None
    assert made.mark is not None
    return read_mark(made.mark(data))


@pytest.mark.parametrize("data_type", [Record, Entry])
def test_fields_are_read_from_any_type_that_has_them(data_type: Any) -> None:
    data = data_type(name="a\nb", done=True)
    assert marks(latest("name", "done"), data_type, data) == (b'"a\\nb"', True)


def test_what_has_no_fixed_fields_is_looked_at_when_it_is_published() -> None:
    data = {"name": 7}
    assert marks(latest("name"), dict[str, int], data) == (b"7", False)
    with pytest.raises(PublishError, match="cannot be read from it: KeyError"):
        marks(latest("other"), dict[str, int], data)


@pytest.mark.parametrize("data_type", [Trade, Record, Entry])
def test_a_field_that_the_data_does_not_have_is_refused(data_type: Any) -> None:
    router = WsRouter[TradeRequest, data_type](route="r", delivery=latest("symbol"))
    with pytest.raises(DeclarationError, match=r"has no such field\. Its fields are (price|name)"):
        App(router)


def test_a_route_may_not_allow_more_than_the_app() -> None:
    router = WsRouter[TradeRequest, Trade](route="r", delivery=lossless(max_queue_bytes=2_000))
    with pytest.raises(DeclarationError, match="lets 1000 bytes wait"):
        App(router, max_queue_bytes=1_000)


@pytest.mark.parametrize(
    ("key", "said"),
    [(lambda _: object(), "has no JSON form"), (lambda trade: trade.nothing, "AttributeError")],
)
async def test_a_key_that_cannot_be_read_is_the_publishers_error(key: Any, said: str) -> None:
    router = WsRouter[TradeRequest, Trade](route="r", delivery=latest(key))
    app = App(router)
    async with connect(app.asgi) as client:
        topic = (await client.subscribe("r", {"symbol": "A"}))["topic"]
        with pytest.raises(PublishError, match=said):
            router.publish(topic, Trade(price=1))
        assert await client.settle() == []
