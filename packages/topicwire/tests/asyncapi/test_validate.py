"""What is wrong with a document is found, with its place and its cure."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from packages.topicwire.tests.asyncapi.parser import parse
from packages.topicwire.tests.corpus.models import Described, Tagged, Tuples
from packages.topicwire.tests.corpus.routes import ListenRequest, adapter_of

from topicwire.asyncapi.document import build
from topicwire.asyncapi.errors import DocumentError
from topicwire.asyncapi.validate import faults, validate

Document = dict[str, Any]

DOCUMENT = build(
    adapter_of(
        {
            "trades": (Described, Described),
            "pets": (Tagged, Tagged),
            "tuples": (ListenRequest, Tuples),
        }
    )
)


def message(document: Document, name: str) -> Any:
    return document["components"]["messages"][name]


def envelope(document: Document, name: str) -> Any:
    return message(document, name)["payload"]


def schema(document: Document, name: str) -> Any:
    return document["components"]["schemas"][name]


def without_required_type(document: Document) -> None:
    envelope(document, "trades.update")["required"].remove("type")


def without_type(document: Document) -> None:
    envelope(document, "trades.update")["required"].remove("type")
    del envelope(document, "trades.update")["properties"]["type"]


def type_is_any_string(document: Document) -> None:
    del envelope(document, "trades.update")["properties"]["type"]["const"]


def type_of_another_message(document: Document) -> None:
    envelope(document, "trades.update")["properties"]["type"]["const"] = "pets.update"


def message_named_otherwise(document: Document) -> None:
    message(document, "trades.update")["name"] = "update"


def correlation_location_into_nothing(document: Document) -> None:
    document["components"]["correlationIds"]["id"]["location"] = "$message.payload#/request_id"


def correlation_location_in_the_header(document: Document) -> None:
    document["components"]["correlationIds"]["id"]["location"] = "$message.header#/id"


def correlation_id_missing_in_the_reply(document: Document) -> None:
    del message(document, "trades.subscribe.response")["correlationId"]


def correlation_id_of_another_kind(document: Document) -> None:
    document["components"]["correlationIds"]["type"] = {"location": "$message.payload#/type"}
    other = {"$ref": "#/components/correlationIds/type"}
    message(document, "trades.subscribe.response")["correlationId"] = other


def correlation_reference_dangles(document: Document) -> None:
    message(document, "trades.subscribe")["correlationId"]["$ref"] = "#/components/nothing"


def schema_reference_dangles(document: Document) -> None:
    del document["components"]["schemas"]["Cat"]


def message_reference_dangles(document: Document) -> None:
    document["channels"]["trades"]["messages"]["trades.update"]["$ref"] = "#/components/messages/x"


def reference_out_of_the_document(document: Document) -> None:
    schema(document, "Tagged")["properties"]["pet"]["oneOf"][0]["$ref"] = "other.json#/Cat"


def keyword_beside_a_reference(document: Document) -> None:
    schema(document, "Tagged")["properties"]["pet"]["oneOf"][0]["description"] = "ignored"


def prefix_items(document: Document) -> None:
    pair = schema(document, "Tuples")["properties"]["pair"]
    pair["prefixItems"] = pair.pop("items")


def open_tuple(document: Document) -> None:
    del schema(document, "Tuples")["properties"]["pair"]["additionalItems"]


def defs(document: Document) -> None:
    schema(document, "Tagged")["$defs"] = {"Cat": {}}


def nullable(document: Document) -> None:
    schema(document, "Cat")["properties"]["lives"]["nullable"] = True


def unevaluated_properties(document: Document) -> None:
    schema(document, "Cat")["unevaluatedProperties"] = False


def discriminator_object(document: Document) -> None:
    schema(document, "Tagged")["properties"]["pet"]["discriminator"] = {"propertyName": "kind"}


def required_but_not_described(document: Document) -> None:
    schema(document, "Cat")["required"].append("name")


def wrong_default(document: Document) -> None:
    schema(document, "DescribedInput")["properties"]["qty"]["default"] = "one"


def wrong_example_of_a_schema(document: Document) -> None:
    schema(document, "DescribedInput")["properties"]["symbol"]["examples"] = [1]


def wrong_example_of_a_message(document: Document) -> None:
    message(document, "trades.subscribe")["examples"] = [{"payload": {"type": "trades.subscribe"}}]


def reply_on_another_channel(document: Document) -> None:
    reply = document["operations"]["trades.subscribe"]["reply"]
    reply["channel"]["$ref"] = "#/channels/pets"
    reply["messages"] = [{"$ref": "#/channels/pets/messages/pets.subscribe.response"}]


def message_of_another_channel(document: Document) -> None:
    operation = document["operations"]["trades.update"]
    operation["messages"] = [{"$ref": "#/channels/pets/messages/pets.update"}]


def operation_on_another_channel(document: Document) -> None:
    document["operations"]["pets.refresh"] = {
        "action": "send",
        "channel": {"$ref": "#/channels/trades"},
        "messages": [{"$ref": "#/channels/trades/messages/trades.update"}],
    }


def operation_without_messages(document: Document) -> None:
    document["operations"]["trades.update"]["messages"] = []


def update_operation_removed(document: Document) -> None:
    del document["operations"]["trades.update"]


def reply_named_after_nothing(document: Document) -> None:
    messages = document["components"]["messages"]
    messages["trades.None"] = messages.pop("trades.update")
    messages["trades.None"]["name"] = "trades.None"
    messages["trades.None"]["payload"]["properties"]["type"]["const"] = "trades.None"
    channel = document["channels"]["trades"]["messages"]
    channel["trades.None"] = {"$ref": "#/components/messages/trades.None"}
    del channel["trades.update"]
    operation = document["operations"]["trades.update"]
    operation["messages"] = [{"$ref": "#/channels/trades/messages/trades.None"}]


def two_addresses(document: Document) -> None:
    document["channels"]["pets"]["address"] = "/other"


def channel_without_its_route(document: Document) -> None:
    del document["channels"]["pets"]["x-topicwire-route"]


def channel_of_another_route(document: Document) -> None:
    document["channels"]["pets"]["x-topicwire-route"]["name"] = "cats"


def update_without_position(document: Document) -> None:
    envelope(document, "pets.update")["properties"]["payload"]["required"].remove("seq")


def unknown_action(document: Document) -> None:
    document["operations"]["trades.update"]["action"] = "publish"


def another_version(document: Document) -> None:
    document["asyncapi"] = "2.6.0"


MUTANTS: list[tuple[Callable[[Document], None], str]] = [
    (without_required_type, "#/components/messages/trades.update/payload"),
    (without_type, "#/components/messages/trades.update/payload"),
    (type_is_any_string, "#/components/messages/trades.update/payload"),
    (type_of_another_message, "#/components/messages/trades.update"),
    (message_named_otherwise, "#/components/messages/trades.update"),
    (correlation_location_into_nothing, "#/components/messages/trades.subscribe/correlationId"),
    (correlation_location_in_the_header, "#/components/messages/trades.subscribe/correlationId"),
    (correlation_id_missing_in_the_reply, "#/operations/trades.subscribe/reply"),
    (correlation_id_of_another_kind, "#/operations/trades.subscribe/reply"),
    (correlation_reference_dangles, "#/components/messages/trades.subscribe/correlationId"),
    (schema_reference_dangles, "#/components/schemas/Tagged/properties/pet/oneOf/0"),
    (message_reference_dangles, "#/channels/trades/messages/trades.update"),
    (reference_out_of_the_document, "#/components/schemas/Tagged/properties/pet/oneOf/0"),
    (keyword_beside_a_reference, "#/components/schemas/Tagged/properties/pet/oneOf/0"),
    (prefix_items, "#/components/schemas/Tuples/properties/pair/prefixItems"),
    (open_tuple, "#/components/schemas/Tuples/properties/pair/items"),
    (defs, "#/components/schemas/Tagged/$defs"),
    (nullable, "#/components/schemas/Cat/properties/lives/nullable"),
    (unevaluated_properties, "#/components/schemas/Cat/unevaluatedProperties"),
    (discriminator_object, "#/components/schemas/Tagged"),
    (required_but_not_described, "#/components/schemas/Cat/required"),
    (wrong_default, "#/components/schemas/DescribedInput/properties/qty/default"),
    (wrong_example_of_a_schema, "#/components/schemas/DescribedInput/properties/symbol/examples"),
    (wrong_example_of_a_message, "#/components/messages/trades.subscribe/examples/0/payload"),
    (reply_on_another_channel, "#/operations/trades.subscribe/reply"),
    (message_of_another_channel, "#/operations/trades.update"),
    (operation_on_another_channel, "#/operations/pets.refresh"),
    (operation_without_messages, "#/operations/trades.update"),
    (update_operation_removed, "#/channels/trades/messages/trades.update"),
    (reply_named_after_nothing, "#/components/messages/trades.None"),
    (two_addresses, "#/channels"),
    (channel_without_its_route, "#/channels/pets"),
    (channel_of_another_route, "#/channels/pets"),
    (update_without_position, "#/components/messages/pets.update/payload"),
    (unknown_action, "#/operations/trades.update"),
    (another_version, "#/asyncapi"),
]


def test_the_document_that_is_mutated_is_right() -> None:
    assert faults(DOCUMENT) == []


@pytest.mark.parametrize(("mutate", "where"), MUTANTS, ids=lambda one: getattr(one, "__name__", ""))
def test_a_mutant_is_rejected_where_it_is_wrong(
    mutate: Callable[[Document], None], where: str
) -> None:
    """pitfall 21"""
    mutant = copy.deepcopy(DOCUMENT)
    mutate(mutant)
    found = faults(mutant)
    assert any(fault.where.startswith(where) for fault in found), found
    assert all(fault.cure for fault in found)
    with pytest.raises(DocumentError, match="#/"):
        validate(mutant)


def test_the_official_parser_lets_such_mutants_pass() -> None:
    """Why there are rules of our own. When this fails, the parser has learnt one of them."""
    mutants = []
    for mutate in (
        without_type,
        correlation_location_into_nothing,
        prefix_items,
        wrong_example_of_a_message,
    ):
        mutants.append(copy.deepcopy(DOCUMENT))
        mutate(mutants[-1])
    assert [one["valid"] for one in parse(*mutants)] == [True] * len(mutants)


def test_a_fault_says_where_what_and_what_to_do() -> None:
    mutant = copy.deepcopy(DOCUMENT)
    prefix_items(mutant)
    assert str(faults(mutant)[0]) == (
        "#/components/schemas/Tuples/properties/pair/prefixItems: `prefixItems` is not a keyword "
        "of draft-07 and is skipped by its readers. Use `items: [...]` with `additionalItems: "
        "false`."
    )


def test_the_official_schema_is_the_published_one() -> None:
    root = Path(__file__).parents[4]
    published = root / "node_modules/@asyncapi/specs/schemas/3.1.0.json"
    ours = root / "packages/topicwire/src/topicwire/asyncapi/schema/asyncapi-3.1.0.json"
    assert ours.read_bytes() == published.read_bytes()
    assert json.loads(ours.read_text())["title"] == "AsyncAPI 3.1.0 schema."
