"""No number changes on its way unseen."""

from __future__ import annotations

import json
from typing import Annotated, Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packages.topicwire.tests.corpus import CONSTRUCTS, Construct
from pydantic import BaseModel, ConfigDict, Field, RootModel, TypeAdapter, create_model

from topicwire import BigInt
from topicwire.errors import CommandError, InexactError
from topicwire.wire.codec import JsonEncoder, PayloadDecoder
from topicwire.wire.exact import exact_json, may_hold_integers, unsafe_integer_in

SAFE = 2**53 - 1


class Order(BaseModel):
    id: int
    marks: list[dict[str, int]] = []
    price: float = 1.0
    note: str = ""


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")


class Big(BaseModel):
    id: BigInt


class Pair(NamedTuple):
    at: int
    size: int


def decode(kind: Any, payload: str) -> Any:
    return PayloadDecoder(kind, "t")(f'{{"type":"t","payload":{payload}}}')


@pytest.mark.parametrize("number", [SAFE, -SAFE, 0, 1234567890123456])
def test_safe_integers_travel(number: int) -> None:
    order = Order(id=number, marks=[{"a": number}])
    assert json.loads(JsonEncoder(Order, "t")(order))["id"] == number
    assert decode(Order, f'{{"id":{number}}}') == Order(id=number)


@pytest.mark.parametrize("number", [SAFE + 1, -SAFE - 1, 2**64, 10**100])
def test_an_unsafe_integer_is_refused_by_its_path_on_both_sides(number: int) -> None:
    encode = JsonEncoder(Order, "orders.update")
    with pytest.raises(InexactError, match=r"orders\.update: `id` is .* topicwire\.BigInt"):
        encode(Order(id=number))
    with pytest.raises(InexactError, match=r"`marks\.1\.a`"):
        encode(Order(id=1, marks=[{}, {"a": number}]))
    with pytest.raises(CommandError, match=r"marks\.0\.a: Integer is beyond") as caught:
        decode(Order, f'{{"id":1,"marks":[{{"a":{number}}}]}}')
    assert caught.value.code == "validation_error"
    assert [one.path for one in caught.value.details or ()] == ["marks.0.a"]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (int, 2**60),
        (list[int], [1, 2**60]),
        (Pair, Pair(2**60, 1)),
        (Any, {"a": [2**60]}),
        (dict, {"a": 2**60}),
        (Open, Open.model_validate({"a": 2**60})),
        (RootModel[int], RootModel[int](2**60)),
        (int | str, 2**60),
        (Annotated[int, Field(ge=0)], 2**60),
        (Annotated[int, Field(ge=0, le=2**62)], 2**60),
    ],
)
def test_wherever_it_is(kind: Any, value: Any) -> None:
    with pytest.raises(InexactError, match=r"beyond 2\^53"):
        JsonEncoder(kind, "t")(value)


def test_floats_and_texts_with_many_digits_are_no_integers() -> None:
    order = Order(id=1, price=0.1234567890123456, note='[12345678901234567890],":9007199254740993')
    assert json.loads(JsonEncoder(Order, "t")(order)) == order.model_dump()
    assert decode(Order, '{"id":1,"price":100000000000000000000}') == Order(id=1, price=1e20)
    assert json.loads(JsonEncoder(list[float], "t")([1e16, 1e300])) == [1e16, 1e300]


def test_an_integer_that_came_with_an_exponent_is_refused_too() -> None:
    with pytest.raises(CommandError, match=r"id: Integer is beyond"):
        decode(Order, '{"id":1e17}')


def test_names_of_fields_are_no_words_of_the_schema() -> None:
    for name in ("default", "metadata", "serialization", "type"):
        model = create_model("Model", **{name: int})  # type: ignore[call-overload]  # by its name
        assert may_hold_integers(TypeAdapter(model).core_schema), name


@given(st.integers())
def test_a_big_int_travels_exactly_as_a_string(number: int) -> None:
    encoded = JsonEncoder(Big, "t")(Big(id=number))
    assert json.loads(encoded) == {"id": str(number)}
    assert decode(Big, encoded.decode()) == Big(id=number)


def test_only_types_that_may_hold_one_are_looked_at() -> None:
    """So that all others pay nothing for it."""
    free: list[Any] = [
        str, float, bool, Big, dict[str, float], dict[int, str], Annotated[int, Field(ge=0, le=9)],
    ]  # fmt: skip
    assert not [one for one in free if may_hold_integers(TypeAdapter(one).core_schema)]


# Their integers are constants, bounded, or indexes of a flag.
BOUNDED = {
    "alarm", "checked", "described", "enumMembers", "enumerations", "enums", "literals",
    "rootNumber", "rootScalars",
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:use Plain:DeprecationWarning")  # one construct is deprecated
@pytest.mark.parametrize("construct", CONSTRUCTS, ids=lambda one: one.name)
def test_every_construct_that_holds_an_integer_is_looked_at(construct: Construct) -> None:
    looked_at = may_hold_integers(TypeAdapter(construct.payload_type).core_schema)

    @settings(
        max_examples=5,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(construct.values())
    def check(value: Any) -> None:
        assert looked_at or not _has_integer(construct.received_json(value))

    if construct.name not in BOUNDED:
        check()


def _has_integer(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_integer, value.values()))
    if isinstance(value, list):
        return any(map(_has_integer, value))
    return isinstance(value, int) and not isinstance(value, bool)


def test_what_a_client_sends_is_exact_json() -> None:
    assert exact_json(Big(id=2**70), "t") == b'{"id":"1180591620717411303424"}'
    assert exact_json({"a": None, "b": 1.5}, "t") == b'{"a":null,"b":1.5}'
    with pytest.raises(InexactError, match="`price` is NaN"):
        exact_json(Order(id=1, price=float("nan")), "t")
    with pytest.raises(InexactError, match=r"`0\.a` is an integer"):
        exact_json([{"a": 2**53}], "t")


def test_the_quick_look_finds_what_the_slow_one_finds() -> None:
    for text in (b"9007199254740992", b'{"a":-9007199254740992}', b"[1,9007199254740992]"):
        assert unsafe_integer_in(text)
    for text in (b"9007199254740991", b'"9007199254740993"', b"0.12345678901234567"):
        assert not unsafe_integer_in(text)
