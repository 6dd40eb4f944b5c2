"""A request's JSON identifies its subscription, so different requests must not share it."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from packages.topicwire.tests.trading import App, Trade
from pydantic import BaseModel, Field, PlainSerializer, Secret, SecretBytes, SecretStr

from topicwire import DeclarationError, OperationRouter, WsRouter


class Token(BaseModel):
    token: SecretStr


class OptionalToken(BaseModel):
    token: SecretBytes | None = None


class Pin(BaseModel):
    pin: Secret[int]


class Excluded(BaseModel):
    user: str = Field(exclude=True)


class Unordered(BaseModel):
    symbols: set[str]


class Nested(BaseModel):
    filters: list[dict[str, frozenset[int]]]


class Deep(BaseModel):
    inner: list[Token]


class Tree(BaseModel):
    children: list[Tree] = []
    tags: Annotated[set[str], PlainSerializer(sorted, return_type=list[str])] = set()


@pytest.mark.parametrize(
    ("request_type", "says"),
    [
        (Token, r"auth\.subscribe: the field 'token' is a secret"),
        (OptionalToken, "the field 'token' is a secret"),
        (Deep, r"the field 'inner\.token' is a secret"),
        (Pin, "the field 'pin' is a secret"),
        (Excluded, r"the field 'user' is left out .*exclude=True"),
        (Unordered, "the field 'symbols' is a set.*PlainSerializer"),
        (Nested, "the field 'filters' is a set"),
    ],
)
def test_a_request_whose_json_is_ambiguous_is_refused(request_type: Any, says: str) -> None:
    with pytest.raises(DeclarationError, match=says):
        App(WsRouter[request_type, Trade](route="auth"))


def test_a_sorted_set_and_a_recursive_model_are_fine() -> None:
    App(WsRouter[Tree, Trade](route="trees"))


def test_a_command_that_subscribes_nothing_may_take_a_secret() -> None:
    router = OperationRouter(prefix="auth.")

    @router.send("login", reply="login.response")
    def login(payload: Token) -> str:
        """Log in."""
        return payload.token.get_secret_value()

    App(router)
