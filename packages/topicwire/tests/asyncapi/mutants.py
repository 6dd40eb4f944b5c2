"""Documents that are wrong in one thing each: what was done to a right one, and where it shows.

A row reads: its name, what is changed, the JSON pointer of a fault that must be found.
"""

from __future__ import annotations

from dataclasses import dataclass

from packages.topicwire.tests.asyncapi.changes import (
    Change,
    Document,
    added,
    both,
    gone,
    moved,
    put,
    without,
)


@dataclass(frozen=True, slots=True)
class Mutant:
    name: str
    change: Change
    where: str


CHANNELS = "#/channels"
MESSAGES = "#/components/messages"
SCHEMAS = "#/components/schemas"
OPERATIONS = "#/operations"
UPDATE = f"{MESSAGES}/trades.update"
SUBSCRIBE = f"{MESSAGES}/trades.subscribe"
ASKED = f"{SUBSCRIBE}/payload/properties/payload"
REPLY = f"{MESSAGES}/trades.subscribe.response"
ENVELOPE = f"{UPDATE}/payload/properties"
ID = "#/components/correlationIds/id"
PAID = f"{SCHEMAS}/Trade/properties/paid"
SIZE = f"{SCHEMAS}/Trade/properties/size"
ROUTE = f"{CHANNELS}/trades/x-topicwire-route"
TAPE = f"{CHANNELS}/tape/x-topicwire-route"


def ref(pointer: str) -> dict[str, str]:
    return {"$ref": pointer}


def named_after_nothing(document: Document) -> None:
    """As a handler that forgets `reply=` would name it."""
    old, new = "trades.preview.response", "trades.preview.None"
    moved(f"{MESSAGES}/{old}", f"{MESSAGES}/{new}")(document)
    moved(f"{CHANNELS}/trades/messages/{old}", f"{CHANNELS}/trades/messages/{new}")(document)
    put(f"{CHANNELS}/trades/messages/{new}", ref(f"{MESSAGES}/{new}"))(document)
    put(f"{MESSAGES}/{new}/name", new)(document)
    put(f"{MESSAGES}/{new}/payload/properties/type/const", new)(document)
    reply = f"{OPERATIONS}/trades.preview/reply/messages/0"
    put(reply, ref(f"{CHANNELS}/trades/messages/{new}"))(document)


MUTANTS = [
    # The document as a whole
    Mutant("another AsyncAPI", put("#/asyncapi", "2.6.0"), "#/asyncapi"),
    Mutant("no title", gone("#/info/title"), "#/info"),
    Mutant(
        "a name that the official parser cannot read",
        put(f"{SCHEMAS}/Trade/properties/hasOwnProperty", {"type": "integer"}),
        f"{SCHEMAS}/Trade/properties/hasOwnProperty",
    ),
    Mutant(
        "the same name in an example",
        put(f"{SCHEMAS}/Trade/examples", [{"hasOwnProperty": 1}]),
        f"{SCHEMAS}/Trade/examples/0/hasOwnProperty",
    ),
    Mutant("not ours", gone("#/x-topicwire"), "#/x-topicwire"),
    Mutant("another protocol", put("#/x-topicwire/subprotocol", "graphql-ws"), "#/x-topicwire"),
    # The type of a message
    Mutant("type not required", without(f"{UPDATE}/payload/required", "type"), f"{UPDATE}/payload"),
    Mutant("no type", gone(f"{ENVELOPE}/type"), f"{UPDATE}/payload"),
    Mutant("any string as type", gone(f"{ENVELOPE}/type/const"), f"{UPDATE}/payload"),
    Mutant("type of another", put(f"{ENVELOPE}/type/const", "tape.update"), UPDATE),
    Mutant("type in other letters", put(f"{ENVELOPE}/type/const", "trades.Update"), UPDATE),
    Mutant("named otherwise", put(f"{UPDATE}/name", "update"), UPDATE),
    Mutant("a name given twice", put(f"{SUBSCRIBE}/name", "trades.update"), SUBSCRIBE),
    Mutant("a name of nothing", named_after_nothing, f"{MESSAGES}/trades.preview.None"),
    # Correlation
    Mutant("id at nothing", put(f"{ID}/location", "$message.payload#/request"), f"{ID}/location"),
    Mutant("id in a header", put(f"{ID}/location", "$message.header#/id"), f"{ID}/location"),
    Mutant("no id to point at", gone(f"{SUBSCRIBE}/payload/properties/id"), SUBSCRIBE),
    Mutant(
        "reply without id", gone(f"{REPLY}/correlationId"), f"{OPERATIONS}/trades.subscribe/reply"
    ),
    Mutant(
        "reply with another id",
        both(
            put("#/components/correlationIds/type", {"location": "$message.payload#/type"}),
            put(f"{REPLY}/correlationId", ref("#/components/correlationIds/type")),
        ),
        f"{OPERATIONS}/trades.subscribe/reply",
    ),
    Mutant("update with an id", put(f"{UPDATE}/correlationId", ref(ID)), f"{UPDATE}/correlationId"),
    # References
    Mutant(
        "id dangles",
        put(f"{SUBSCRIBE}/correlationId/$ref", "#/components/correlationIds/none"),
        f"{SUBSCRIBE}/correlationId",
    ),
    Mutant("schema dangles", gone(f"{SCHEMAS}/Card"), f"{PAID}/oneOf/0"),
    Mutant(
        "message dangles",
        put(f"{CHANNELS}/trades/messages/trades.update/$ref", f"{MESSAGES}/x"),
        f"{CHANNELS}/trades/messages/trades.update",
    ),
    Mutant(
        "message of another name",
        put(f"{CHANNELS}/trades/messages/trades.update/$ref", f"{MESSAGES}/tape.update"),
        f"{CHANNELS}/trades/messages/trades.update",
    ),
    Mutant(
        "message missing from its channel",
        gone(f"{CHANNELS}/trades/messages/trades.update"),
        f"{OPERATIONS}/trades.update/messages/0",
    ),
    Mutant(
        "reply to a message that is not there",
        put(f"{OPERATIONS}/trades.preview/reply/messages/0/$ref", f"{CHANNELS}/trades/messages/x"),
        f"{OPERATIONS}/trades.preview/reply/messages/0",
    ),
    Mutant("server dangles", gone("#/servers/ws"), f"{CHANNELS}/trades/servers/0"),
    Mutant(
        "a message for a server",
        put(f"{CHANNELS}/trades/servers/0/$ref", UPDATE),
        f"{CHANNELS}/trades/servers/0",
    ),
    Mutant(
        "a channel for a schema", put(f"{PAID}/oneOf/0/$ref", f"{CHANNELS}/tape"), f"{PAID}/oneOf/0"
    ),
    Mutant(
        "out of the document", put(f"{PAID}/oneOf/0/$ref", "other.json#/Card"), f"{PAID}/oneOf/0"
    ),
    Mutant("words beside a $ref", put(f"{PAID}/oneOf/0/description", "lost"), f"{PAID}/oneOf/0"),
    Mutant(
        "a schema that is itself", put(f"{SCHEMAS}/Ask", ref(f"{SCHEMAS}/Ask")), f"{SCHEMAS}/Ask"
    ),
    Mutant(
        "two schemas that are each other",
        both(
            put(f"{SCHEMAS}/Card", {"allOf": [ref(f"{SCHEMAS}/Cash")]}),
            put(f"{SCHEMAS}/Cash", {"anyOf": [ref(f"{SCHEMAS}/Card")]}),
        ),
        f"{SCHEMAS}/Card",
    ),
    # Keywords that readers of draft-07 skip
    Mutant("prefixItems", moved(f"{SIZE}/items", f"{SIZE}/prefixItems"), f"{SIZE}/prefixItems"),
    Mutant("a tuple without end", gone(f"{SIZE}/additionalItems"), f"{SIZE}/items"),
    Mutant("$defs", put(f"{SCHEMAS}/Trade/$defs", {"Card": {}}), f"{SCHEMAS}/Trade/$defs"),
    Mutant(
        "nullable",
        put(f"{SCHEMAS}/Preview/properties/cost/nullable", value=True),
        f"{SCHEMAS}/Preview/properties/cost/nullable",
    ),
    Mutant(
        "unevaluatedProperties",
        put(f"{SCHEMAS}/Card/unevaluatedProperties", value=False),
        f"{SCHEMAS}/Card/unevaluatedProperties",
    ),
    Mutant(
        "dependentRequired",
        put(f"{SCHEMAS}/Card/dependentRequired", {"kind": ["number"]}),
        f"{SCHEMAS}/Card/dependentRequired",
    ),
    Mutant(
        "discriminator object",
        put(f"{PAID}/discriminator", {"propertyName": "kind"}),
        f"{SCHEMAS}/Trade",
    ),
    Mutant("an alternative that is anything", put(f"{PAID}/oneOf/0", {}), f"{PAID}/oneOf/0"),
    # Models
    Mutant(
        "required, not described",
        added(f"{SCHEMAS}/Card/required", "owner"),
        f"{SCHEMAS}/Card/required",
    ),
    Mutant(
        "a default of another type",
        put(f"{SCHEMAS}/Ask/properties/depth/default", "one"),
        f"{SCHEMAS}/Ask/properties/depth/default",
    ),
    Mutant(
        "an example of another type",
        put(f"{SCHEMAS}/Ask/properties/symbol/examples", [1]),
        f"{SCHEMAS}/Ask/properties/symbol/examples",
    ),
    Mutant(
        "a message's example without its payload",
        put(f"{SUBSCRIBE}/examples", [{"payload": {"type": "trades.subscribe"}}]),
        f"{SUBSCRIBE}/examples/0/payload",
    ),
    # Operations
    Mutant(
        "an action that is none",
        put(f"{OPERATIONS}/trades.update/action", "publish"),
        f"{OPERATIONS}/trades.update",
    ),
    Mutant(
        "an update received",
        put(f"{OPERATIONS}/trades.update/action", "receive"),
        f"{OPERATIONS}/trades.update/action",
    ),
    Mutant(
        "a request sent",
        put(f"{OPERATIONS}/trades.subscribe/action", "send"),
        f"{OPERATIONS}/trades.subscribe/action",
    ),
    Mutant(
        "a ping that is sent alone",
        put(f"{OPERATIONS}/ping/action", "send"),
        f"{OPERATIONS}/ping/action",
    ),
    Mutant("nobody asks for life", gone(f"{OPERATIONS}/heartbeat"), f"{OPERATIONS}/heartbeat"),
    Mutant(
        "a request unanswered",
        gone(f"{OPERATIONS}/trades.preview/reply"),
        f"{CHANNELS}/trades/messages/trades.preview.response",
    ),
    Mutant(
        "answered on another channel",
        both(
            put(f"{OPERATIONS}/trades.subscribe/reply/channel/$ref", f"{CHANNELS}/tape"),
            put(
                f"{OPERATIONS}/trades.subscribe/reply/messages/0/$ref",
                f"{CHANNELS}/tape/messages/tape.subscribe.response",
            ),
        ),
        f"{OPERATIONS}/trades.subscribe/reply",
    ),
    Mutant(
        "a message of another channel",
        put(f"{OPERATIONS}/trades.update/messages/0/$ref", f"{CHANNELS}/tape/messages/tape.update"),
        f"{OPERATIONS}/trades.update",
    ),
    Mutant(
        "on another channel than its name",
        put(
            f"{OPERATIONS}/tape.refresh",
            {
                "action": "send",
                "channel": ref(f"{CHANNELS}/trades"),
                "messages": [ref(f"{CHANNELS}/trades/messages/trades.update")],
            },
        ),
        f"{OPERATIONS}/tape.refresh",
    ),
    Mutant(
        "no messages",
        put(f"{OPERATIONS}/trades.update/messages", []),
        f"{OPERATIONS}/trades.update",
    ),
    Mutant(
        "nobody sends it",
        gone(f"{OPERATIONS}/trades.update"),
        f"{CHANNELS}/trades/messages/trades.update",
    ),
    Mutant(
        "no channel has it",
        put(f"{MESSAGES}/trades.more", {"name": "trades.more"}),
        f"{MESSAGES}/trades.more",
    ),
    # Channels
    Mutant("two addresses", put(f"{CHANNELS}/tape/address", "/other"), CHANNELS),
    Mutant("no route", gone(ROUTE), f"{CHANNELS}/trades"),
    Mutant("another route", put(f"{ROUTE}/name", "cats"), f"{CHANNELS}/trades"),
    Mutant("no connection", gone(f"{CHANNELS}/connection"), f"{OPERATIONS}/error/channel"),
    Mutant(
        "a request that is its own reply",
        put(
            f"{CHANNELS}/trades/messages/trades.preview/$ref",
            f"{MESSAGES}/trades.preview.response",
        ),
        f"{CHANNELS}/trades/messages/trades.preview",
    ),
    Mutant(
        "a message of its own",
        put(f"{CHANNELS}/connection/messages/hello", {}),
        f"{CHANNELS}/connection/messages/hello",
    ),
    Mutant("a reply without payload", gone(f"{REPLY}/payload"), f"{REPLY}/payload"),
    # What a route promises
    Mutant("no delivery", gone(f"{ROUTE}/delivery"), ROUTE),
    Mutant("no policy", gone(f"{ROUTE}/delivery/policy"), f"{ROUTE}/delivery"),
    Mutant(
        "a policy that is none",
        put(f"{ROUTE}/delivery/policy", "maybe"),
        f"{ROUTE}/delivery/policy",
    ),
    Mutant("a queue without bound", gone(f"{TAPE}/delivery/maxQueue"), f"{TAPE}/delivery"),
    Mutant("a queue of nothing", put(f"{TAPE}/delivery/maxQueue", 0), f"{TAPE}/delivery/maxQueue"),
    Mutant("another policy's key", put(f"{ROUTE}/delivery/key", "symbol"), f"{ROUTE}/delivery"),
    Mutant("a replay without its age", gone(f"{ROUTE}/replay/maxAgeS"), f"{ROUTE}/replay"),
    Mutant(
        "a replay of nothing", put(f"{ROUTE}/replay/maxUpdates", 0), f"{ROUTE}/replay/maxUpdates"
    ),
    Mutant(
        "a rate backwards", put(f"{ROUTE}/delivery/maxRateHz", -1), f"{ROUTE}/delivery/maxRateHz"
    ),
    # What the protocol puts around a payload
    Mutant(
        "an update without position",
        without(f"{ENVELOPE}/payload/required", "seq"),
        f"{UPDATE}/payload",
    ),
    Mutant(
        "a position that is text",
        put(f"{ENVELOPE}/payload/properties/seq/type", "string"),
        f"{ENVELOPE}/payload/properties/seq/type",
    ),
    Mutant(
        "a state that is none",
        put(f"{ENVELOPE}/payload/properties/snapshot/const", value=False),
        f"{ENVELOPE}/payload/properties/snapshot/const",
    ),
    Mutant(
        "a closed envelope",
        put(f"{UPDATE}/payload/additionalProperties", value=False),
        f"{UPDATE}/payload",
    ),
    Mutant(
        "a subscription that cannot be resumed",
        gone(f"{SUBSCRIBE}/payload/properties/resume"),
        f"{SUBSCRIBE}/payload/properties",
    ),
    Mutant("a request that is a list", put(ASKED, {"type": "array", "items": {}}), ASKED),
    Mutant(
        "a request that may be nothing",
        put(
            ASKED,
            {"anyOf": [ref(f"{SCHEMAS}/Ask"), {"type": "null"}]},
        ),
        ASKED,
    ),
    Mutant(
        "a reply that is no answer to subscribing",
        put(f"{REPLY}/payload/properties/payload", ref(f"{SCHEMAS}/Trade")),
        f"{REPLY}/payload/properties/payload",
    ),
    Mutant(
        "an end without its code",
        put(f"{MESSAGES}/trades.closed/payload/properties/payload/required", ["topic"]),
        f"{MESSAGES}/trades.closed/payload/properties/payload/required",
    ),
    Mutant(
        "an error code that is not listed",
        without(f"{SCHEMAS}/ErrorCode/anyOf/0/enum", "forbidden"),
        f"{SCHEMAS}/ErrorCode/anyOf/0/enum",
    ),
    Mutant(
        "ids of text alone",
        put(f"{SCHEMAS}/MessageId", {"type": "string"}),
        f"{SCHEMAS}/MessageId",
    ),
]
