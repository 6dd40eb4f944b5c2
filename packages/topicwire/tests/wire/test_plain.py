"""What an encoder remembers changes nothing: it says and refuses what one without memory does."""

from __future__ import annotations

import datetime as dt
import decimal
import uuid
from typing import Any, Literal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    RootModel,
    TypeAdapter,
    computed_field,
    field_serializer,
    model_serializer,
    model_validator,
)

from topicwire.errors import InvalidUpdateError
from topicwire.wire.codec import JsonEncoder
from topicwire.wire.plain import MAX_SHAPES, shapes_of


class Few(BaseModel):
    """Each field of one kind."""

    text: str = Field(max_length=3)
    number: int = 1
    share: float | None = None
    either: int | str = 0


class Many(BaseModel):
    """All other kinds that a type says enough of."""

    model_config = ConfigDict(validate_assignment=False)

    is_on: bool
    at: dt.datetime
    day: dt.date | None
    moment: dt.time = Field(alias="m")
    span: dt.timedelta
    price: decimal.Decimal
    key: uuid.UUID

    @model_validator(mode="after")
    def looked_at(self) -> Many:
        """Validates, and writes nothing."""
        return self


class Texts(str):
    """No plain text: it may be written otherwise."""

    __slots__ = ()


VALUES = st.one_of(
    st.sampled_from(["", "a", "\ud800", 0, 1, 1 << 60, True, None, 1.5, float("nan")]),
    st.sampled_from([Texts("a"), b"b", [], ["a"], {}, object()]),
    st.sampled_from([dt.datetime(2026, 1, 2), dt.date(2026, 1, 2), dt.time(3), dt.timedelta(4)]),  # noqa: DTZ001 - a naive one is a value too
    st.sampled_from([decimal.Decimal("1.50"), uuid.UUID(int=7)]),
)


def instances(model: type[BaseModel]) -> st.SearchStrategy[Any]:
    """Instances that nothing has validated: some members are missing, and some too many."""
    required = dict.fromkeys(model.model_fields, VALUES)
    return st.one_of(
        st.fixed_dictionaries(required),
        st.fixed_dictionaries({}, optional={**required, "more": VALUES}),
    ).map(lambda values: _with(model, values))


def _with(model: type[BaseModel], values: dict[str, Any]) -> BaseModel:
    made = model.model_construct()
    vars(made).clear()
    vars(made).update(values)
    return made


def said(encode: JsonEncoder, data: object) -> str:
    try:
        return encode(data).decode()
    except InvalidUpdateError as error:
        return f"refused: {error}"


@pytest.mark.parametrize("model", [Few, Many])
def test_it_says_and_refuses_what_one_without_memory_does(model: type[BaseModel]) -> None:
    assert shapes_of(TypeAdapter(model).core_schema) is not None
    encode = JsonEncoder(model, "t")

    @settings(deadline=None, max_examples=300)
    @given(instances(model))
    @example(Few(text="a"))
    @example(Few(text="b", share=2.0))
    @example(_with(Few, {"text": "c", "number": 1, "share": "2", "either": 0}))
    def compare(data: BaseModel) -> None:
        once = said(JsonEncoder(model, "t"), data)
        assert [said(encode, data) for _ in range(2)] == [once] * 2

    compare()


def test_what_was_written_once_is_remembered_by_its_types() -> None:
    encode = JsonEncoder(Few, "t")
    shapes = encode._shapes
    assert shapes is not None
    encode(Few(text="a"))
    encode(Few(text="b", number=7))
    assert shapes.known == {("text", "number", "share", "either", str, int, type(None), int)}
    encode({"text": "a", "either": "b"})  # validated first
    assert len(shapes.known) == 2
    with pytest.raises(InvalidUpdateError):
        encode(_with(Few, {"text": 5, "number": 1, "share": None, "either": 1}))
    assert len(shapes.known) == 2


def test_so_many_are_remembered_and_no_more() -> None:
    encode = JsonEncoder(Few, "t")
    shapes = encode._shapes
    assert shapes is not None
    shapes.known.update((number,) for number in range(MAX_SHAPES))
    encode(Few(text="a"))
    assert len(shapes.known) == MAX_SHAPES


class Inner(BaseModel):
    """A model in another."""

    at: int


class Listed(BaseModel):
    """A type says too little of it: what is in the list?"""

    of: list[int]


class Nested(BaseModel):
    """The same."""

    one: Inner


class Chosen(BaseModel):
    """What is allowed depends on the value."""

    side: Literal["buy", "sell"]


class Own(BaseModel):
    """A field has a serializer."""

    at: int

    @field_serializer("at")
    def written(self, value: int) -> str:
        """Write it otherwise."""
        return str(value)


class Whole(BaseModel):
    """The model has one."""

    at: int

    @model_serializer
    def written(self) -> dict[str, int]:
        """Write it otherwise."""
        return {"at": self.at + 1}


class More(BaseModel):
    """It says more than its members."""

    at: int

    @computed_field
    def twice(self) -> int:
        """Computed."""
        return 2 * self.at


class Open(BaseModel):
    """Anything else may be in it."""

    model_config = ConfigDict(extra="allow")

    at: int


class Hidden(BaseModel):
    """A member is not written."""

    at: int
    secret: int = Field(default=0, exclude=True)


class Root(RootModel[int]):
    """It is no object."""


@pytest.mark.parametrize(
    "model",
    [Listed, Nested, Chosen, Own, Whole, More, Open, Hidden, Root],
    ids=lambda one: one.__name__,
)
def test_nothing_is_remembered_of_others(model: type[BaseModel]) -> None:
    assert shapes_of(TypeAdapter(model).core_schema) is None
