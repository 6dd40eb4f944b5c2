"""A request's JSON identifies its subscription, so different requests must not share it."""

from __future__ import annotations

from typing import Any

import pytest
from packages.topicwire.tests.trading import App, Trade
from pydantic import BaseModel, Field, SecretBytes, SecretStr

from topicwire import DeclarationError, OperationRouter, TopicBuilder, WsRouter


class Token(BaseModel):
    token: SecretStr


class OptionalToken(BaseModel):
    token: SecretBytes | None = None


class Excluded(BaseModel):
    user: str = Field(exclude=True)


class Deep(BaseModel):
    inner: list[Token]


class Tree(BaseModel):
    children: list[Tree] = []
    tags: set[str] = set()


@pytest.mark.parametrize(
    ("request_type", "says"),
    [
        (Token, r"auth\.subscribe: the field 'token' is a secret"),
        (OptionalToken, "the field 'token' is a secret"),
        (Deep, r"the field 'inner\.token' is a secret"),
    ],
)
def test_a_request_whose_json_is_ambiguous_is_refused(request_type: Any, says: str) -> None:
    with pytest.raises(DeclarationError, match=says):
        App(WsRouter[request_type, Trade](route="auth"))


def test_a_field_that_is_excluded_from_json_is_in_the_key() -> None:
    builder: TopicBuilder[Excluded] = TopicBuilder("orders")
    topics = {builder(Excluded(user=user)) for user in ("a", "b")}
    assert topics == {'orders:{"user":"a"}', 'orders:{"user":"b"}'}


def test_a_recursive_model_is_fine() -> None:
    App(WsRouter[Tree, Trade](route="trees"))


def test_a_command_that_subscribes_nothing_may_take_a_secret() -> None:
    router = OperationRouter(prefix="auth.")

    @router.send("login", reply="login.response")
    def login(payload: Token) -> str:
        """Log in."""
        return payload.token.get_secret_value()

    App(router)
