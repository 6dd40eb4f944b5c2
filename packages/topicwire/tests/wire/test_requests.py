"""What is remembered of requests says the same as what is worked out anew."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, field_serializer

from topicwire.errors import TopicKeyError
from topicwire.wire import requests
from topicwire.wire.requests import canonical_request, request_json
from topicwire.wire.topics import canonical_json

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=4)


class Plain(BaseModel):
    model_config = ConfigDict(serialize_by_alias=True)

    symbol: str = Field(alias="s")
    depth: Annotated[int, Field(ge=0)] | None = None
    level: int = 1
    is_live: bool = False
    kind: Literal["a", 1] | None = None


class Excluding(BaseModel):
    symbol: str
    account: str = Field(exclude=True)


class Sets(BaseModel):
    symbols: set[str] | list[str]


class Floats(BaseModel):
    above: float | None


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")


class Masked(BaseModel):
    symbol: str

    @field_serializer("symbol")
    def mask(self, value: str) -> str:
        return value[:1]


class Outer(BaseModel):
    inner: Plain


@given(
    st.builds(
        Plain,
        s=TEXT,
        depth=st.none() | st.integers(0, 3),
        level=st.integers(-2, 2),
        is_live=st.booleans(),
        kind=st.sampled_from(["a", 1, None]),
    )
)
def test_a_plain_request_has_the_same_json_however_often_it_is_asked_for(request: Plain) -> None:
    expected = canonical_json(request_json(request))
    assert [canonical_request(request) for _ in range(2)] == [expected, expected]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Excluding(symbol="A", account="x"), Excluding(symbol="A", account="y")),
        (Sets(symbols=["b", "a"]), Sets(symbols=["a", "b"])),
        (Floats(above=1.0), Floats(above=2.0)),
        (Open.model_validate({"a": 1}), Open.model_validate({"a": 2})),
        (Plain(s="1"), Plain(s="1", kind=1)),
        (Plain(s="1", depth=1), Plain(s="1", level=1)),
        ({"symbol": "A"}, {"symbol": "B"}),
    ],
)
def test_requests_that_differ_stay_apart(one: Any, other: Any) -> None:
    found = [canonical_request(request) for request in (one, other, one, other)]
    assert found[:2] == found[2:]
    assert found == [canonical_json(request_json(request)) for request in (one, other) * 2]
    assert found[0] != found[1]


def test_what_pydantic_writes_alike_is_not_taken_for_the_same() -> None:
    assert canonical_request(Floats(above=None)) == '{"above":null}'
    with pytest.raises(TopicKeyError):
        canonical_request(Floats(above=float("nan")))


def test_what_a_type_does_not_say_is_worked_out_anew() -> None:
    odd = Plain(s="A")
    vars(odd)["symbol"] = 7
    with pytest.warns(UserWarning, match="Expected `str`"):
        assert canonical_request(odd) == canonical_json(request_json(odd))


def test_a_request_beyond_what_json_can_say_is_refused_each_time() -> None:
    for _ in range(2):
        with pytest.raises(TopicKeyError):
            canonical_request(Plain(s="A", level=2**53))


@pytest.mark.parametrize(
    "request_",
    [
        Excluding(symbol="A", account="x"),
        Sets(symbols=["a"]),
        Floats(above=1.0),
        Masked(symbol="AAPL"),
        Outer(inner=Plain(s="A")),
    ],
)
def test_only_plain_requests_are_remembered(
    request_: BaseModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    remembered: dict[Any, str] = {}
    monkeypatch.setattr(requests, "_canonical", remembered)
    canonical_request(request_)
    assert not remembered
    canonical_request(Plain(s="A"))
    assert len(remembered) == 1


def test_so_many_are_remembered_and_no_long_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    remembered: dict[Any, str] = {}
    monkeypatch.setattr(requests, "_canonical", remembered)
    monkeypatch.setattr(requests, "MAX_REMEMBERED", 3)
    sizes = []
    for number in range(7):
        canonical_request(Plain(s=str(number)))
        sizes.append(len(remembered))
    assert sizes == [1, 2, 3, 1, 2, 3, 1]
    canonical_request(Plain(s="x" * requests.MAX_REMEMBERED_BYTES))
    assert len(remembered) == 1
