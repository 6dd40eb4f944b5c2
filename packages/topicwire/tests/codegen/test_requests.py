"""A request is an object, whichever way something else is written."""

from __future__ import annotations

import pytest
from packages.topicwire.tests.codegen.sample import IMPORTS, TEMPLATE_PATH, WS_PATH, Sample

MODELS = """\
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal, Optional, TypedDict, Union
from uuid import UUID

from pydantic import BaseModel, Field, RootModel


class Side(StrEnum):
    BUY = "buy"


class Symbols(RootModel[list[str]]):
    "Only a list."


class Wrapped(RootModel["Ask"]):
    "An object all the same."


class Ask(BaseModel):
    symbol: str


class Other(Ask):
    more: int


class Typed(TypedDict):
    symbol: str


Names = list[str]
Either = Ask | Names
Both = Ask | Other
"""


@pytest.fixture
def asking(app: Sample) -> Sample:
    app.write("src/acme/models/asking.py", MODELS)
    return app


def declare(app: Sample, request: str) -> None:
    app.declare(
        "from acme.models.asking import *",
        f"X: TypeAlias = WsRouter[{request}, Trade]",
        imports=IMPORTS,
    )


@pytest.mark.parametrize(
    ("request_type", "named"),
    [
        ("int", "int"),
        ("str", "str"),
        ("None", "None"),
        ("list[Ask]", "list[Ask]"),
        ("tuple[Ask, Ask]", "tuple[Ask, Ask]"),
        ("list", "list"),
        ('"list[Ask]"', "list[Ask]"),
        ("Ask | None", "None"),
        ("Optional[Ask]", "None"),
        ("Union[Ask, int]", "int"),
        ('Literal["a"]', "Literal['a']"),
        ("Annotated[list[Ask], Field(min_length=1)]", "list[Ask]"),
        ("Names", "Names"),
        ("Either", "Either"),
        ("Side", "Side"),
        ("Symbols", "Symbols"),
        ("RootModel[int]", "int"),
        ("date", "date"),
        ("Decimal", "Decimal"),
        ("UUID", "UUID"),
    ],
)
def test_what_is_no_object_is_refused_with_its_line(
    asking: Sample, request_type: str, named: str
) -> None:
    declare(asking, request_type)
    problem = asking.problem()
    assert (problem.path, problem.line) == (WS_PATH, 7)
    assert problem.message == f"'X' is asked by `{named}`, which is no object."
    assert "Make a model of it, with a field for what is asked" in problem.cure
    excerpt, carets = str(problem).splitlines()[1:3]
    underlined = excerpt[carets.index("^") : carets.rindex("^") + 1]
    assert underlined == request_type


@pytest.mark.parametrize(
    "request_type",
    ["Ask", "Other", "Both", "Typed", "Wrapped", "Ask | Other", "dict[str, int]", "Any", '"Ask"'],
)
def test_what_may_be_an_object_passes(asking: Sample, request_type: str) -> None:
    declare(asking, request_type)
    asking.generate()


def test_updates_may_be_anything(asking: Sample) -> None:
    asking.declare("X: TypeAlias = WsRouter[TradeRequest, list[Trade]]")
    asking.generate()


def test_which_parameter_is_asked_is_read_from_the_template(asking: Sample) -> None:
    asking.edit(TEMPLATE_PATH, "Generic[_TRequest, _TData]", "Generic[_TData, _TRequest]")
    asking.declare("X: TypeAlias = WsRouter[list[Trade], TradeRequest]")
    asking.generate()
    asking.declare("X: TypeAlias = WsRouter[Trade, list[TradeRequest]]")
    assert "`list[TradeRequest]`, which is no object" in asking.problem().message
