"""The document of an app: its shape, its names, its stability."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from packages.topicwire.tests.asyncapi.parser import parse
from packages.topicwire.tests.asyncapi.twins import first, second, third
from packages.topicwire.tests.corpus import corpus_adapter
from packages.topicwire.tests.corpus.models import Page, Plain, Tagged
from packages.topicwire.tests.corpus.routes import ListenRequest, adapter_of
from pydantic import BaseModel

from topicwire.asgi.adapter import FastWSAdapter
from topicwire.asyncapi.document import ServerAddress, build, dumps
from topicwire.asyncapi.errors import DocumentError
from topicwire.asyncapi.validate import faults, validate
from topicwire.routing.operations import OperationRouter
from topicwire.routing.router import WsRouter


class Unspeakable(BaseModel):
    model_config = {"arbitrary_types_allowed": True}

    thing: FastWSAdapter


def payload_of(document: dict[str, Any], message: str) -> Any:
    return document["components"]["messages"][message]["payload"]["properties"]["payload"]


@pytest.fixture(scope="module")
def corpus() -> dict[str, Any]:
    return build(corpus_adapter())


def test_the_official_schema_and_our_rules_accept_every_construct(corpus: dict[str, Any]) -> None:
    """checklist 2"""
    validate(json.loads(dumps(corpus)))


def test_the_official_parser_says_nothing_at_all(corpus: dict[str, Any]) -> None:
    assert parse(corpus) == [{"valid": True, "diagnostics": []}]


def test_subscribe_unsubscribe_replies_update_and_error_are_all_there() -> None:
    """pitfall 21, checklist 17: nothing is left out, and no message is without its constant."""
    document = build(adapter_of({"plain": (ListenRequest, Plain)}))
    messages = document["components"]["messages"]
    assert list(messages) == [
        "plain.subscribe",
        "plain.subscribe.response",
        "plain.unsubscribe",
        "plain.unsubscribe.response",
        "plain.update",
        "plain.closed",
        "plain.reset",
        "error",
        "hello",
        "closing",
        "ping",
        "pong",
    ]
    for name, message in messages.items():
        assert "type" in message["payload"]["required"]
        assert message["payload"]["properties"]["type"] == {"type": "string", "const": name}
    assert document["operations"]["plain.subscribe"]["reply"] == {
        "channel": {"$ref": "#/channels/plain"},
        "messages": [{"$ref": "#/channels/plain/messages/plain.subscribe.response"}],
    }
    for name in ("plain.subscribe", "plain.subscribe.response", "error"):
        assert messages[name]["correlationId"] == {"$ref": "#/components/correlationIds/id"}
    assert "correlationId" not in messages["plain.update"]


def test_one_channel_a_route_all_with_one_address() -> None:
    adapter = adapter_of(
        {"plain": (ListenRequest, Plain), "pets": (Tagged, Tagged)}, path="/live/ws"
    )
    channels = build(adapter)["channels"]
    assert list(channels) == ["pets", "plain", "connection"]
    assert {channel["address"] for channel in channels.values()} == {"/live/ws"}
    assert channels["plain"]["x-topicwire-route"] == {
        "name": "plain",
        "delivery": {"policy": "lossless"},
        "replay": {"maxUpdates": 300, "maxAgeS": 300.0, "maxBytes": 1 << 20},
    }
    assert "x-topicwire-route" not in channels["connection"]


def test_tags_descriptions_and_deprecation_reach_the_document() -> None:
    """checklist 17"""
    adapter = FastWSAdapter(title="Trading", version="1.0.0", description="All of it.")
    router = WsRouter[ListenRequest, Plain](route="plain", tags=["market data", "trading"])

    @router.send("preview", reply="preview.response", deprecated=True)
    def preview(payload: ListenRequest) -> Plain:
        """Say what would come.

        Nothing is subscribed.
        """
        raise AssertionError(payload)

    adapter.include_router(router)
    document = build(adapter)
    tags = [{"name": "market data"}, {"name": "trading"}]
    operation = document["operations"]["plain.preview"]
    assert operation["tags"] == tags
    assert operation["summary"] == "Say what would come."
    assert operation["description"] == "Nothing is subscribed."
    message = document["components"]["messages"]["plain.preview"]
    assert message["summary"] == "Say what would come."
    assert message["deprecated"] is True
    assert document["channels"]["plain"]["tags"] == tags
    assert document["channels"]["plain"]["description"] == "Only the plainest types."
    assert document["components"]["schemas"]["Plain"]["description"] == "Only the plainest types."
    assert document["info"]["description"] == "All of it."
    assert document["info"]["tags"] == [*tags, {"name": "connection"}]
    assert faults(document) == []


def test_operations_without_replies_do_not_collide() -> None:
    """pitfall 21: two operations without replies are two, and none is named after nothing."""
    adapter = FastWSAdapter(title="Notes", version="1")
    router = OperationRouter(prefix="notes.")

    @router.send("write")
    def write(payload: str) -> None:
        """Not answered."""

    @router.send("erase")
    def erase() -> None:
        """Not answered either, and without a payload."""

    @router.recv("written")
    def written(payload: list[Plain]) -> None:
        """Tell what was written."""

    adapter.include_router(router)
    document = build(adapter)
    assert [name for name in document["operations"] if name.startswith("notes.")] == [
        "notes.write",
        "notes.erase",
        "notes.written",
    ]
    assert "reply" not in document["operations"]["notes.write"]
    assert not any("None" in name for name in document["components"]["messages"])
    assert document["components"]["messages"]["notes.erase"]["payload"]["required"] == ["type"]
    assert faults(document) == []
    assert parse(document) == [{"valid": True, "diagnostics": []}]


@pytest.mark.parametrize(
    "data",
    [list[Plain], Plain | Tagged, int | None, dict[str, Plain], tuple[int, str], Page[Plain]],
)
def test_any_payload_type_is_described(data: Any) -> None:
    """pitfall 21: a `list[Model]` payload does not crash."""
    document = build(adapter_of({"route": (ListenRequest, data)}))
    update = payload_of(document, "route.update")
    assert update["required"] == ["topic", "seq", "payload"]
    assert faults(document) == []


def test_a_tuple_is_written_as_draft_07_does() -> None:
    document = build(adapter_of({"pairs": (ListenRequest, tuple[int, str])}))
    assert payload_of(document, "pairs.update")["properties"]["payload"] == {
        "type": "array",
        "items": [{"type": "integer"}, {"type": "string"}],
        "additionalItems": False,
        "minItems": 2,
        "maxItems": 2,
    }


def test_a_discriminated_union_keeps_its_constants_and_loses_the_foreign_object() -> None:
    document = build(adapter_of({"pets": (Tagged, Tagged)}))
    assert '"discriminator"' not in dumps(document)
    assert document["components"]["schemas"]["Tagged"]["properties"]["pet"] == {
        "oneOf": [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}]
    }
    # Pydantic demands the tag of a member even where the member has a default for it.
    cat = document["components"]["schemas"]["TaggedInput"]["properties"]["pet"]["oneOf"][0]
    assert cat["allOf"][1]["required"] == ["kind"]


def test_two_models_of_one_name_are_kept_apart() -> None:
    routes: dict[str, tuple[Any, Any]] = {
        "first": (ListenRequest, first.Trade),
        "second": (ListenRequest, second.Trade),
        "pages": (ListenRequest, Page[second.Trade]),
        "others": (ListenRequest, Page[first.Trade]),
    }
    document = build(adapter_of(routes))
    schemas = document["components"]["schemas"]
    assert "Trade" not in schemas
    assert set(schemas["FirstTrade"]["properties"]) == {"price"}
    assert set(schemas["SecondTrade"]["properties"]) == {"volume"}
    items = {name: one["properties"]["items"]["items"]["$ref"] for name, one in schemas.items()
             if "Page" in name}  # fmt: skip
    assert items == {
        "PageFirstTrade": "#/components/schemas/FirstTrade",
        "PageSecondTrade": "#/components/schemas/SecondTrade",
    }
    assert faults(document) == []


class AsWritten(BaseModel):
    model_config = {"json_schema_mode_override": "serialization"}

    plain: Plain
    note: str = ""


def test_a_model_that_overrides_the_mode_shares_the_types_inside_it() -> None:
    document = build(adapter_of({"a": (AsWritten, Plain), "b": (Plain, AsWritten)}))
    assert faults(document) == []
    schemas = document["components"]["schemas"]
    assert schemas["AsWritten"]["required"] == ["plain", "note"]
    for message in ("a.subscribe", "b.subscribe"):
        assert "$ref" in payload_of(document, message)
    alone = build(adapter_of({"b": (Plain, Plain)}))["components"]["schemas"]
    assert {name: one for name, one in schemas.items() if name in alone} == alone


def test_a_route_that_is_added_renames_nothing() -> None:
    routes: dict[str, tuple[Any, Any]] = {
        "first": (ListenRequest, first.Trade),
        "second": (ListenRequest, second.Trade),
        "tagged": (Tagged, Tagged),
    }
    before = build(adapter_of(routes))["components"]["schemas"]
    more = {**routes, "third": (third.Trade, Page[third.Trade]), "mine": (ListenRequest, Error)}
    after = build(adapter_of(more))["components"]["schemas"]
    assert {name: after[name] for name in before} == before


class Error(BaseModel):
    """Named as no message is, but nearly."""

    code: int


class ErrorCode(BaseModel):
    """Has the name of a type of the protocol."""

    number: int


def test_a_model_may_have_the_name_of_a_type_of_the_protocol() -> None:
    document = build(adapter_of({"codes": (ListenRequest, ErrorCode)}))
    update = payload_of(document, "codes.update")["properties"]["payload"]
    name = update["$ref"].rpartition("/")[2]
    assert name == "TestDocumentErrorCode"
    assert "number" in document["components"]["schemas"][name]["properties"]
    assert faults(document) == []


def test_the_updates_of_a_route_with_wildcards_say_of_which_topic_they_are() -> None:
    """checklist 18"""
    adapter = FastWSAdapter(title="Trading", version="1")
    adapter.include_router(WsRouter[ListenRequest, ErrorCode](route="news", wildcards=True))
    adapter.include_router(WsRouter[ListenRequest, ErrorCode](route="tape"))
    document = build(adapter)
    assert "source" in payload_of(document, "news.update")["properties"]
    assert "source" not in payload_of(document, "tape.update")["properties"]
    assert document["channels"]["news"]["x-topicwire-route"]["wildcards"] is True
    assert faults(document) == []


def test_the_offline_document_names_a_stable_server_and_the_served_one_its_own() -> None:
    adapter = adapter_of({"plain": (ListenRequest, Plain)})
    assert build(adapter)["servers"] == {"ws": {"host": "localhost:8000", "protocol": "ws"}}
    address = ServerAddress(host="example.com", protocol="wss", pathname="/sub")
    assert build(adapter, address)["servers"]["ws"] == {
        "host": "example.com",
        "protocol": "wss",
        "pathname": "/sub",
    }
    assert adapter.asyncapi() == build(adapter)


def test_the_text_is_the_same_in_every_process() -> None:
    """Hash seeds, addresses of objects and the clock are not in it."""
    code = (
        "from packages.topicwire.tests.corpus import corpus_adapter\n"
        "from topicwire.asyncapi.document import build, dumps\n"
        "import sys; sys.stdout.buffer.write(dumps(build(corpus_adapter())).encode())"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert texts == {dumps(build(corpus_adapter())).encode()}


def test_a_type_without_a_json_form_is_refused_by_name() -> None:
    adapter = FastWSAdapter(title="Broken", version="1")
    router = OperationRouter(prefix="odd.")

    @router.send("do")
    def do(payload: Unspeakable) -> None:
        """Take what cannot travel."""

    adapter.include_router(router)
    place = r"odd\.do: Unspeakable\.thing \(.*test_document\.py:\d+\): FastWSAdapter has no JSON"
    with pytest.raises(DocumentError, match=place) as caught:
        build(adapter)
    assert "Declare what travels: a model" in str(caught.value)
    assert "WithJsonSchema" in str(caught.value)


def test_one_message_with_two_payloads_is_refused() -> None:
    adapter = FastWSAdapter(title="Broken", version="1")
    router = OperationRouter(prefix="odd.")

    @router.send("one", reply="answer")
    def one() -> int:
        return 1

    @router.send("two", reply="answer")
    def two() -> str:
        return "2"

    adapter.include_router(router)
    with pytest.raises(DocumentError, match=r"`odd\.answer`, with different payloads"):
        build(adapter)
