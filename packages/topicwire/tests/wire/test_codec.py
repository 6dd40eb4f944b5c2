"""What comes in is validated once; what goes out is JSON, or raises."""

from __future__ import annotations

import json
import math
import re
import uuid
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic_core._pydantic_core import list_all_errors

from topicwire.errors import (
    CommandError,
    DeclarationError,
    InexactError,
    InvalidMessageError,
    InvalidUpdateError,
)
from topicwire.types import Message
from topicwire.wire.codec import (
    FIXED_TEXTS,
    MAX_DETAILS,
    MAX_STEP_CHARACTERS,
    CarriedTypes,
    JsonEncoder,
    PayloadDecoder,
    decode_message,
    no_matching_type,
)


class Quote(BaseModel):
    symbol: str
    bid: float
    ask: float | None = None
    venue: dict[str, float] = Field(default_factory=dict)


class Strict(BaseModel):
    model_config = ConfigDict(strict=True)
    at: datetime


def refused(data: str | bytes) -> CommandError:
    with pytest.raises(CommandError) as caught:
        decode_message(data)
    return caught.value


@pytest.mark.parametrize(
    "text", ["", "nope", "{", "{'type':'x'}", '{"type":"x","v":NaN}', '"\\ud800"', "[1,]", "\x00"]
)
def test_what_is_not_json(text: str) -> None:
    """pitfall 15"""
    assert refused(text).code == "invalid_json"


def test_deep_nesting_is_refused_not_followed() -> None:
    assert refused("[" * 10_000).code == "invalid_json"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[]", "A message is a JSON object"),
        ("null", "A message is a JSON object"),
        ("{}", "has a `type`"),
        ('{"type":7}', "has a `type`"),
        ('{"type":""}', "has a `type`"),
        ('{"type":"x","id":true}', "`id` is a string"),
        ('{"type":"x","id":null}', "`id` is a string"),
        ('{"type":"x","id":1.5}', "`id` is a string"),
        ('{"type":"x","id":{}}', "`id` is a string"),
        ('{"type":"x","id":9007199254740992}', "integer below 2"),
        ('{"type":"x","id":"%s"}' % ("i" * 65), "at most 64 characters"),
    ],
)
def test_what_is_no_message(text: str, says: str) -> None:
    error = refused(text)
    assert error.code == "invalid_message"
    assert says in error.message


@given(st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=64))
def test_the_id_is_read_where_the_type_is_wrong(message_id: int | str) -> None:
    error = refused(json.dumps({"id": message_id, "payload": {}}))
    assert isinstance(error, InvalidMessageError)
    assert error.id == message_id


def test_a_binary_frame_is_no_message() -> None:
    """pitfall 15"""
    error = refused(b'{"type":"x"}')
    assert error.code == "invalid_message"
    assert "binary frame" in error.message


def test_unknown_keys_are_ignored() -> None:
    text = '{"type":"t","id":0,"payload":[1],"trace":{}}'
    assert decode_message(text) == (Message("t", [1], 0), text)


@given(st.text())
@example("0" * 5_000)
def test_any_text_is_a_message_or_a_refusal(text: str) -> None:
    try:
        message, _ = decode_message(text)
    except CommandError as error:
        assert error.code in {"invalid_json", "invalid_message"}  # noqa: PT017 - either is right
    else:
        assert message.type


@given(st.sampled_from([1, 2, 40]), st.sampled_from(["subscribe", "unsubscribe"]))
def test_names_a_route_that_is_one_letter_off(routes: int, operation: str) -> None:
    known = [f"stream{n}.{one}" for n in range(routes) for one in ("subscribe", "unsubscribe")]
    for wrong in (f"strem0.{operation}", f"stream0.{operation[:-1]}"):
        message = no_matching_type(wrong, known).message
        assert message.endswith(f"Did you mean stream0.{operation}?")


def test_does_not_list_a_hundred_routes() -> None:
    message = no_matching_type("zzz", [f"stream{n}.subscribe" for n in range(100)]).message
    assert "and 84 more; " in message


def test_names_the_nearest_type() -> None:
    """checklist 32"""
    error = no_matching_type("quote.subscribe", ["quotes.subscribe", "bars.subscribe"])
    assert error.code == "no_matching_type"
    assert error.message == "No matching type for quote.subscribe. Did you mean quotes.subscribe?"


def test_says_what_is_registered_when_nothing_is_near() -> None:
    """checklist 32"""
    message = no_matching_type("zzz", ["quotes.subscribe", "quotes.x", "bars.subscribe"]).message
    assert "The registered routes are bars, quotes" in message
    assert "include_router" in message


def test_says_that_no_router_is_registered() -> None:
    """checklist 32"""
    assert "No router is registered" in no_matching_type("bars.subscribe", []).message


def test_a_long_type_is_not_echoed_in_full() -> None:
    assert len(no_matching_type("x" * 10_000, ["bars.subscribe"]).message) < 200


def test_a_payload_is_validated_as_json() -> None:
    decode = PayloadDecoder(Strict, "t")
    payload = decode('{"type":"t","payload":{"at":"2026-01-02T03:04:05Z"}}')
    assert payload == Strict(at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))


def test_details_say_where_and_never_what() -> None:
    decode = PayloadDecoder(Quote, "quotes.set")
    secret = "hunter2"  # noqa: S105 - that it does not come back is the test
    with pytest.raises(CommandError) as caught:
        decode(json.dumps({"payload": {"bid": secret, "venue": {"x": secret}}}))
    error = caught.value
    assert error.code == "validation_error"
    assert [(one.path, one.kind) for one in error.details] == [
        ("symbol", "missing"),
        ("bid", "float_parsing"),
        ("venue.x", "float_parsing"),
    ]
    assert error.message == "Invalid payload: symbol: Field required (and 2 more)"
    assert secret not in repr([error.message, error.details])


@given(st.integers(1, 40))
def test_lists_the_first_faults_and_counts_the_others(count: int) -> None:
    decode = PayloadDecoder(list[int], "t")
    with pytest.raises(CommandError) as caught:
        decode(json.dumps({"payload": ["x"] * count}))
    shown = [one.path for one in caught.value.details]
    assert shown == [str(index) for index in range(min(count, MAX_DETAILS))]
    assert (f"(and {count - 1} more)" in caught.value.message) is (count > 1)


def test_the_answer_to_a_message_full_of_faults_is_small() -> None:
    decode = PayloadDecoder(dict[str, list[str]], "t")
    with pytest.raises(CommandError) as caught:
        decode(json.dumps({"payload": {"k" * 1_000: [1] * 10_000}}))
    assert len(repr([one.model_dump() for one in caught.value.details])) < 2_000
    assert caught.value.details[0].path == "k" * MAX_STEP_CHARACTERS + ".0"


class Cat(BaseModel):
    kind: Literal["cat"]


class Dog(BaseModel):
    kind: Literal["dog"]


@pytest.mark.parametrize(
    ("payload_type", "payload"),
    [
        (Annotated[Cat | Dog, Field(discriminator="kind")], {"kind": "hunter2"}),
        (uuid.UUID, "~hunter2"),
        (Literal["a", "b"], "hunter2"),
    ],
)
def test_the_texts_of_pydantic_do_not_quote_the_input(payload_type: Any, payload: object) -> None:
    with pytest.raises(CommandError) as caught:
        PayloadDecoder(payload_type, "t")(json.dumps({"payload": payload}))
    said = repr([caught.value.message, caught.value.details])
    assert "hunter2" not in said
    assert "~" not in said


OF_THE_DECLARATION = {
    *("attribute", "method_name", "class_name", "class", "field_type", "pattern", "encoding"),
    *("gt", "ge", "lt", "le", "multiple_of", "min_length", "max_length", "max_digits"),
    *("decimal_places", "whole_digits", "expected", "expected_plural", "expected_tags"),
    *("expected_schemes", "expected_version", "discriminator", "tz_expected"),
}
A_COUNT = {"actual_length"}
ONE_OF_A_FEW_TEXTS = {  # {error} is Pydantic's own: "month value is outside expected range"
    *("json_invalid", "date_parsing", "date_from_datetime_parsing", "time_parsing"),
    *("datetime_parsing", "datetime_from_date_parsing", "time_delta_parsing"),
    *("url_parsing", "url_syntax_violation"),
}
NOT_FROM_JSON = {
    *("get_attribute_error", "iteration_error", "mapping_type", "datetime_object_invalid"),
}
OF_THE_APPLICATION = {"value_error", "assertion_error"}


def test_every_kind_of_pydantic_is_known_not_to_quote_the_input() -> None:
    """A release of Pydantic that adds a kind which quotes what was sent fails here."""
    quoting = set()
    for kind in list_all_errors():
        fields = set(re.findall(r"{(\w+)}", kind["message_template_python"]))
        if not fields <= OF_THE_DECLARATION | A_COUNT:
            quoting.add(kind["type"])
    assert quoting == {*FIXED_TEXTS} | ONE_OF_A_FEW_TEXTS | NOT_FROM_JSON | OF_THE_APPLICATION


def test_a_missing_payload_is_missing() -> None:
    with pytest.raises(CommandError) as caught:
        PayloadDecoder(Quote, "quotes.set")('{"type":"quotes.set"}')
    assert [(one.path, one.kind) for one in caught.value.details] == [("", "missing")]


def test_a_message_without_payload_has_none() -> None:
    assert PayloadDecoder(None, "t")('{"type":"t","payload":1}') is None


@pytest.mark.parametrize(
    ("data_type", "data", "encoded"),
    [
        (Quote, Quote(symbol="é", bid=1), '{"symbol":"é","bid":1.0,"ask":null,"venue":{}}'),
        (Quote, {"symbol": "A", "bid": "2"}, '{"symbol":"A","bid":2.0,"ask":null,"venue":{}}'),
        (list[Quote], [], "[]"),
        (int | str, "x", '"x"'),
        (Decimal, Decimal("1.50"), '"1.50"'),
        (Any, {"a": None}, '{"a":null}'),
    ],
)
def test_encodes_its_type(data_type: Any, data: object, encoded: str) -> None:
    assert JsonEncoder(data_type, "t")(data).decode() == encoded


class Wide(Quote):
    extra: str = "not in the document"


def test_a_subclass_is_encoded_as_what_was_declared() -> None:
    assert b"extra" not in JsonEncoder(Quote, "t")(Wide(symbol="A", bid=1))


@pytest.mark.parametrize(
    "data",
    [
        *({"symbol": "A"}, "A", None),
        Quote.model_construct(None, symbol="A", bid="many"),  # type: ignore[arg-type]
    ],
)
def test_refuses_data_of_another_type(data: object) -> None:
    with pytest.raises(InvalidUpdateError, match=r"quotes\.update"):
        JsonEncoder(Quote, "quotes.update")(data)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_nan_never_travels(value: float) -> None:
    with pytest.raises(InvalidUpdateError, match="`bid` is NaN or infinite"):
        JsonEncoder(Quote, "t")(Quote(symbol="A", bid=value))
    with pytest.raises(InvalidUpdateError, match=r"`0\.venue\.x` is NaN"):
        JsonEncoder(list[Quote], "t")([Quote(symbol="A", bid=1, venue={"x": value})])


def test_none_is_not_nan() -> None:
    assert b'"ask":null' in JsonEncoder(Quote, "t")(Quote(symbol="A", bid=1, ask=None))


class Loose(BaseModel):
    model_config = ConfigDict(ser_json_inf_nan="strings")
    v: float


class Bare(BaseModel):
    model_config = ConfigDict(ser_json_inf_nan="constants")
    v: float


class Nested(BaseModel):
    inner: list[Bare]


def test_a_model_may_say_how_it_writes_nan() -> None:
    assert JsonEncoder(Loose, "t")(Loose(v=math.nan)) == b'{"v":"NaN"}'


class LooseWithNone(Loose):
    a: float | None = None
    by_alias: float = Field(default=math.nan, alias="b")


class Tight(BaseModel):
    loose: LooseWithNone
    strict: dict[str, float]


def test_a_none_beside_it_does_not_matter() -> None:
    loose = LooseWithNone(v=math.nan)
    assert JsonEncoder(LooseWithNone, "t")(loose) == b'{"v":"NaN","a":null,"b":"NaN"}'
    with pytest.raises(InvalidUpdateError, match=r"`strict\.x` is NaN"):
        JsonEncoder(Tight, "t")(Tight(loose=loose, strict={"x": math.nan}))


@pytest.mark.parametrize("model", [Bare, Nested])
def test_refuses_a_model_that_writes_what_is_not_json(model: type[BaseModel]) -> None:
    with pytest.raises(DeclarationError, match="Use 'strings'"):
        JsonEncoder(model, "r.update")


def test_a_refusal_names_each_message_of_a_model() -> None:
    carried = CarriedTypes()
    for where in ("a.update", "b.update"):
        with pytest.raises(DeclarationError, match=f"^{where}: a config says"):
            JsonEncoder(Bare, where, carried)


class Deferred(BaseModel):
    model_config = ConfigDict(defer_build=True, ser_json_inf_nan="constants")
    v: float


class DeferredSecret(BaseModel):
    model_config = ConfigDict(defer_build=True)
    v: SecretStr


class DeferredPrice(BaseModel):
    model_config = ConfigDict(defer_build=True)
    v: int


def test_a_model_that_is_built_when_it_is_first_used_is_judged_like_any_other() -> None:
    with pytest.raises(DeclarationError, match="Use 'strings'"):
        JsonEncoder(Deferred, "r.update")
    with pytest.raises(DeclarationError, match=r"DeferredSecret\.v .*: a secret is written as"):
        JsonEncoder(DeferredSecret, "r.update")
    assert JsonEncoder(DeferredPrice, "r.update")(DeferredPrice(v=1)) == b'{"v":1}'
    with pytest.raises(InexactError, match="`v`"):
        JsonEncoder(DeferredPrice, "r.update")(DeferredPrice(v=2**53))


def test_what_is_known_of_a_model_is_of_its_direction_and_of_no_other_type() -> None:
    carried = CarriedTypes()
    encode = JsonEncoder(Quote, "quotes.update", carried)
    again = JsonEncoder(Quote, "quotes.snapshot", carried)
    decode = PayloadDecoder(Quote, "quotes.set", carried)
    assert encode(Quote(symbol="A", bid=1)) == again(Quote(symbol="A", bid=1))
    assert decode('{"payload":{"symbol":"A","bid":1}}') == Quote(symbol="A", bid=1)
    with pytest.raises(InvalidUpdateError, match=r"^quotes\.snapshot: "):
        again("no quote")
    loose = JsonEncoder(int | str, "t", carried)
    assert [loose(1), JsonEncoder(str | int, "t", carried)("1")] == [b"1", b'"1"']
    with pytest.raises(DeclarationError, match=r"^t: "):
        JsonEncoder(object(), "t", carried)


def test_refuses_a_type_that_pydantic_does_not_know() -> None:
    with pytest.raises(DeclarationError, match=r"r\.update: Pydantic cannot handle"):
        JsonEncoder(object(), "r.update")
