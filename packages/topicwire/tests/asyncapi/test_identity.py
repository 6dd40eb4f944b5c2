"""What a document says of who may connect."""

from __future__ import annotations

import json
from typing import Any

from packages.topicwire.tests.asyncapi.parser import parse
from packages.topicwire.tests.identity.tokens import Tokens
from packages.topicwire.tests.trading import App, trades

from topicwire.asyncapi.document import build, dumps
from topicwire.asyncapi.validate import validate


def document(authenticate: Any) -> dict[str, Any]:
    made = build(App(trades(), authenticate=authenticate).adapter)
    validate(json.loads(dumps(made)))
    return made


def test_without_identity_there_is_none_in_it() -> None:
    made = document(None)
    assert "securitySchemes" not in made["components"]
    assert "security" not in made["servers"]["ws"]
    assert not {"auth", "auth.response"} & set(made["components"]["messages"])


def test_where_tokens_are_verified_they_may_be_sent() -> None:
    made = document(Tokens())
    operation = made["operations"]["auth"]
    assert operation["action"] == "receive"
    assert operation["reply"]["messages"] == [
        {"$ref": "#/channels/connection/messages/auth.response"}
    ]
    assert list(made["components"]["securitySchemes"]) == ["bearer", "subprotocol", "cookie"]
    assert made["components"]["securitySchemes"]["cookie"]["name"] == "session"
    assert len(made["servers"]["ws"]["security"]) == 3
    assert parse(made) == [{"valid": True, "diagnostics": []}]


def test_a_function_takes_no_messages_and_names_no_cookie() -> None:
    made = document(lambda _: None)
    assert "auth" not in made["operations"]
    assert list(made["components"]["securitySchemes"]) == ["bearer", "subprotocol"]
