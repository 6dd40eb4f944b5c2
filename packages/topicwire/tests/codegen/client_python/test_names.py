"""Names that Python can have, of what a document calls as it likes."""

from __future__ import annotations

import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topicwire.codegen.client_python.names import (
    class_names,
    field_names,
    operation_names,
    pascal,
    route_names,
    snake,
)

NAMES = st.lists(
    st.text(max_size=6) | st.sampled_from(["a-b", "a_b", "a b", "class", "class_", "copy", "dt"]),
    unique=True,
    max_size=8,
)


@pytest.mark.parametrize(
    ("name", "attribute"),
    [
        ("symbol", "symbol"),
        ("firstName", "firstName"),
        ("größe", "größe"),
        ("class", "class_"),
        ("with-dash", "with_dash"),
        ("it's", "it_s"),
        ("1st", "field_1st"),
        ("_private", "private"),
        ("", "field"),
        ("**", "field"),
        ("ﬁsh", "fish"),  # Python reads the ligature as two letters
        ("copy", "copy_"),  # of Pydantic's models
        ("model_config", "model_config_"),
        ("str", "str_"),  # would hide the type from the fields below it
        ("dt", "dt_"),  # what the module is imported as
        ("date", "date"),
    ],
)
def test_a_field_keeps_its_name_where_python_can_have_it(name: str, attribute: str) -> None:
    assert field_names([name]) == {name: attribute}


def test_names_that_collide_when_they_are_cleaned_are_told_apart() -> None:
    assert field_names(["a-b", "a b", "a_b"]) == {"a-b": "a_b_", "a b": "a_b__", "a_b": "a_b"}
    # whoever needs no cleaning keeps the name, whatever comes before
    assert field_names(["class", "class_"]) == {"class": "class__", "class_": "class_"}


def test_what_the_client_and_its_routes_use_is_left_to_them() -> None:
    assert route_names(["trades", "status", "class", "authenticate"]) == {
        "trades": "trades",
        "status": "status_",
        "class": "class_",
        "authenticate": "authenticate_",
    }
    assert operation_names(["preview", "call", "ask"]) == {
        "preview": "preview",
        "call": "call_",
        "ask": "ask_",
    }
    assert class_names(["Trade", "Field", "Literal", "string", "None"]) == {
        "Trade": "Trade",
        "Field": "Field_",
        "Literal": "Literal_",
        "string": "string",
        "None": "None_",
    }


@given(NAMES)
def test_each_name_is_an_identifier_of_its_own_and_depends_on_no_other(names: list[str]) -> None:
    made = field_names(names)
    assert [*made] == names
    assert len({*made.values()}) == len(names)
    for name in made.values():
        assert name.isidentifier()
        assert not keyword.iskeyword(name)
        assert not name.startswith("_")
    for name in names:
        if field_names([name])[name] == name:
            assert made[name] == name


def test_parts_of_other_names() -> None:
    assert [pascal(one) for one in ("order_book", "orderBook", "a-b")] == [
        "OrderBook",
        "OrderBook",
        "AB",
    ]
    assert [snake(one) for one in ("Trading API", "OrderBook", "HTTPServer 2")] == [
        "trading_api",
        "order_book",
        "http_server_2",
    ]
