"""What is generated is a function of the types and routes, whatever order they come in."""

from __future__ import annotations

import json
import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from packages.topicwire.tests.asyncapi.twins import first, second, third
from packages.topicwire.tests.corpus.models import Page
from packages.topicwire.tests.corpus.routes import ListenRequest, adapter_of
from pydantic import BaseModel

from topicwire.asyncapi.document import build, dumps
from topicwire.codegen.client_python import package
from topicwire.codegen.typescript import generate
from topicwire.codegen.typescript_validators import validator_files


def made(field: str) -> type[BaseModel]:
    """A class of the same module and name each time, and of another shape."""

    class Local(BaseModel):
        __annotations__ = {field: int}

    return Local


PRICE, VOLUME = made("price"), made("volume")
TWINS: list[Any] = [first, second, third]  # their types are known at run time alone
PAGE: Any = Page
LIST: Any = list
DICT: Any = dict
ROUTES: dict[str, tuple[Any, Any]] = {
    "local": (PRICE, PAGE[VOLUME]),
    "other_local": (VOLUME, PRICE),
    **{
        f"{name}{number}": types
        for number, twin in enumerate(TWINS)
        for name, types in {
            "trades": (ListenRequest, twin.Trade),
            "pages": (twin.Quote, PAGE[twin.Trade]),
            "lists": (PAGE[LIST[twin.Trade]], PAGE[PAGE[twin.Trade]]),
            "both": (twin.Order, twin.Order),
            "sides": (twin.Point, DICT[twin.Side, PAGE[twin.Side]]),
            "notes": (twin.Note, twin.Box[LIST[twin.Note]]),
            "boxes": (twin.Box[LIST[twin.Note]], twin.Box[twin.Point]),
        }.items()
    },
}


def output(names: list[str]) -> dict[str, str]:
    """Every generated text, for these routes in this order."""
    document = build(adapter_of({name: ROUTES[name] for name in names}))
    text = dumps(document)
    document = json.loads(text)
    typescript = generate(document)
    return {
        "asyncapi.json": text,
        "types.ts": typescript.types,
        "client.ts": typescript.client,
        **validator_files(document),
        **package.generate(document, package.naming(document)),
    }


ALL = output([*ROUTES])


def test_every_type_has_its_own_schema() -> None:
    schemas = json.loads(ALL["asyncapi.json"])["components"]["schemas"]
    fields = {name: [*one.get("properties", ())] for name, one in schemas.items()}
    for name, field in {"First": "price", "Second": "volume", "Third": "count"}.items():
        assert fields[f"{name}Trade"] == [field]
        assert fields[f"{name}Point"] == [field]
        assert fields[f"{name}Note"] == [f"{field}_text"]
        assert fields[f"{name}OrderLeg"] == fields[f"{name}OrderLegInput"] == [field]
        assert fields[f"{name}QuoteLeg"] == [f"quoted_{field}"]
        assert schemas[f"{name}Order"] != schemas[f"{name}OrderInput"]
        items = schemas[f"Page{name}Trade"]["properties"]["items"]["items"]
        assert items == {"$ref": f"#/components/schemas/{name}Trade"}
        items = schemas[f"PageModelsPage{name}Trade"]["properties"]["items"]["items"]
        assert items == {"$ref": f"#/components/schemas/Page{name}Trade"}
        assert schemas[f"{name}Side"]["type"] == "string"
        assert f"{name}BoxListNote" in schemas  # one, though Python makes it twice
    local = [one for name, one in fields.items() if re.fullmatch(r"\w+MadeLocal_\w{8}", name)]
    assert sorted(local) == [["price"], ["volume"]]


@given(st.lists(st.sampled_from([*ROUTES]), min_size=2, unique=True))
@settings(max_examples=8, deadline=None)
def test_the_order_of_routes_changes_no_byte(names: list[str]) -> None:
    assert output(names) == output(sorted(names))


@given(st.permutations([*ROUTES]))
@settings(max_examples=3, deadline=None)
def test_nor_where_all_are_there(names: list[str]) -> None:
    assert output(names) == ALL


class ArchivedTrade(second.Trade):
    """The second's own, by a name that nobody else has."""


FIRST: dict[str, tuple[Any, Any]] = {
    "trades": (ListenRequest, first.Trade),
    "pages": (ListenRequest, PAGE[first.Trade]),
}
SECOND: dict[str, tuple[Any, Any]] = {
    "archive": (ListenRequest, second.Trade),
    "archived_pages": (ListenRequest, PAGE[second.Trade]),
}
RENAMED: dict[str, tuple[Any, Any]] = {
    "archive": (ListenRequest, ArchivedTrade),
    "archived_pages": (ListenRequest, PAGE[ArchivedTrade]),
}


def of(routes: dict[str, tuple[Any, Any]]) -> str:
    return dumps(build(adapter_of(routes)))


def named(text: str) -> dict[str, Any]:
    schemas: dict[str, Any] = json.loads(text)["components"]["schemas"]
    return {name: one for name, one in schemas.items() if "Trade" in name}


def test_names_have_no_history() -> None:
    """Whatever was added and removed before, and on which branch: the same source, the same bytes.

    A clean clone, a server that has no file at hand and two branches that are merged agree.
    """
    alone, both = of(FIRST), of(FIRST | SECOND)
    assert named(alone).keys() == {"Trade", "PageTrade"}
    assert named(both).keys() == {
        *("FirstTrade", "PageFirstTrade", "SecondTrade", "PageSecondTrade")
    }
    assert of(FIRST) == alone
    assert of(SECOND | FIRST) == both
    assert of(FIRST | SECOND | FIRST) == both


def test_a_second_class_by_a_name_of_its_own_renames_nothing() -> None:
    """The way out, for a class of somebody else's too: docs/code-generation.md has it."""
    alone, more = named(of(FIRST)), named(of(FIRST | RENAMED))
    assert more.keys() == {"Trade", "PageTrade", "ArchivedTrade", "PageArchivedTrade"}
    assert {name: more[name] for name in alone} == alone
    assert more["ArchivedTrade"]["properties"] == named(of(SECOND))["Trade"]["properties"]
