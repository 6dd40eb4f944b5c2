"""What generated models and routes are made of: exact about what is there and what is not."""

from __future__ import annotations

import asyncio
import datetime as dt
from math import inf, isnan
from typing import Literal

import pytest
from packages.topicwire.tests.client.fakes import Bench
from pydantic import Field, TypeAdapter, ValidationError

from topicwire.client.generated import (
    NOTHING,
    AnyFloat,
    Base64Bytes,
    BigInt,
    OperationsOf,
    Payload,
    RouteOf,
    absent,
)
from topicwire.wire.requests import request_json


class Inner(Payload):
    kind: Literal["inner"] = Field(default="inner", frozen=True)
    size: int = 3


class Order(Payload):
    id: int
    class_: str = Field(default="A", validation_alias="class", serialization_alias="class")
    note: str | None = None
    until: dt.date | None = Field(default=None, exclude_if=absent)
    inner: Inner | None = None


def test_what_was_not_given_is_not_sent() -> None:
    assert Order(id=1).model_dump(mode="json") == {"id": 1}
    assert Order(id=1, note=None, class_="B").model_dump() == {
        "id": 1,
        "note": None,
        "class": "B",
    }
    # which may be absent, and is never null
    assert Order(id=1, until=None).model_dump_json() == '{"id":1}'


def test_constants_are_sent_at_every_depth() -> None:
    order = Order(id=1, inner=Inner())
    assert order.model_dump() == {"id": 1, "inner": {"kind": "inner"}}
    # also as what identifies a subscription
    assert request_json(order) == {"id": 1, "inner": {"kind": "inner"}}


def test_a_received_value_tells_absent_from_null() -> None:
    absent_note = Order.model_validate_json('{"id": 1}')
    null_note = Order.model_validate_json('{"id": 1, "note": null}')
    assert absent_note.note is null_note.note is None
    assert absent_note.model_fields_set == {"id"}
    assert null_note.model_fields_set == {"id", "note"}
    for text in ('{"id":1}', '{"id":1,"note":null}', '{"id":1,"class":"A"}'):
        assert Order.model_validate_json(text).model_dump_json() == text


def test_both_names_are_taken_and_the_one_on_the_wire_is_sent() -> None:
    by_name = Order(id=1, class_="B")
    assert by_name == Order.model_validate({"id": 1, "class": "B"})
    assert by_name.model_dump(by_alias=False) == {"id": 1, "class_": "B"}
    assert Order(id=1).model_dump(by_alias=False) == {"id": 1}


@pytest.mark.parametrize("text", ['{"id": "1"}', '{"id": 1.5}', '{"id": true}', '{"id": null}'])
def test_nothing_is_converted(text: str) -> None:
    with pytest.raises(ValidationError):
        Order.model_validate_json(text)


def test_large_integers_are_exact_strings() -> None:
    adapter: TypeAdapter[int] = TypeAdapter(BigInt, config={"strict": True})
    assert adapter.validate_json('"9007199254740993"') == 9007199254740993
    assert adapter.dump_json(-(2**80)) == f'"{-(2**80)}"'.encode()
    with pytest.raises(ValidationError):
        adapter.validate_json('"one"')


def test_bytes_travel_as_base64() -> None:
    adapter: TypeAdapter[bytes] = TypeAdapter(Base64Bytes, config={"strict": True})
    assert adapter.dump_json(b"\xff\xfe") == b'"__4="'
    assert adapter.validate_json('"__4="') == b"\xff\xfe"
    with pytest.raises(ValidationError):
        adapter.validate_json('"_"')


def test_numbers_that_json_lacks_travel_by_name() -> None:
    adapter: TypeAdapter[float] = TypeAdapter(AnyFloat, config={"strict": True})
    for text, value in (('"Infinity"', inf), ('"-Infinity"', -inf), ("1.5", 1.5)):
        assert adapter.validate_json(text) == value
        assert adapter.dump_json(value).decode() == text
    assert isnan(adapter.validate_json('"NaN"'))
    with pytest.raises(ValidationError):
        adapter.validate_json('"much"')


class Old(Payload):
    gone: int = Field(deprecated=True)


def test_sending_a_deprecated_field_warns_of_nothing() -> None:
    """Whoever reads it is warned, and the client does not read it."""
    old = Old(gone=1)
    assert request_json(old) == {"gone": 1}
    with pytest.warns(DeprecationWarning, match="deprecated"):
        assert old.gone == 1


async def test_a_route_may_have_a_name_that_python_keeps_for_itself() -> None:
    bench = Bench()
    route = RouteOf(bench.client, "class", Order, Order)
    async with bench.client:
        bench.socket.open()
        asking = asyncio.ensure_future(route.ask("import", Order, Order(id=1)))
        await asyncio.sleep(0)
        assert bench.socket.last("class.import")["payload"] == {"id": 1}
        bench.socket.answer("class.import", {"id": 2})
        assert await asking == Order(id=2)


async def test_null_is_sent_where_it_is_given_and_nothing_where_there_is_nothing() -> None:
    bench = Bench()
    route = OperationsOf(bench.client, "orders")
    async with bench.client:
        bench.socket.open()
        null = asyncio.ensure_future(route.ask("preview", NOTHING, None))
        bare = asyncio.ensure_future(route.ask("reset", NOTHING))
        await asyncio.sleep(0)
        sent = {one["type"]: one for one in bench.socket.sent}
        assert sent["orders.preview"]["payload"] is None
        assert "payload" not in sent["orders.reset"]
        for name, one in sent.items():
            bench.socket.say({"type": f"{name}.response", "id": one["id"]})
        await asyncio.gather(null, bare)
