"""What Pydantic has no schema for is refused by class, field, file and line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, Never, Optional

import pytest
from packages.topicwire.tests.corpus.routes import ListenRequest, adapter_of
from pydantic import BaseModel, ConfigDict
from typing_extensions import TypedDict

from topicwire.asyncapi.document import build
from topicwire.asyncapi.errors import DocumentError
from topicwire.errors import DeclarationError
from topicwire.wire.codec import type_adapter


class Socket:
    """Of no form that JSON has."""


@dataclass
class Empty:
    fine: int
    nothing: Never


class Holder(TypedDict):
    sockets: dict[str, list[Socket]]


class Pair(NamedTuple):
    name: str
    inner: Holder


@dataclass
class Deep:
    pairs: list[Optional[Pair]]  # noqa: UP045 - the older form is found in, too


class Loose(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True)

    number: int
    socket: Socket | None = None


class Outer(BaseModel):
    looses: list[Loose]


HERE = r"\(.*test_unreadable\.py:\d+\)"
UNREAD = rf"Pydantic does not know how Socket {HERE} is read and written\. Declare what travels"
REFUSED: list[tuple[Any, str]] = [
    (Empty, rf"Empty\.nothing {HERE}: no value is of the type Never\. Leave it out"),
    (Holder, rf"Holder\.sockets {HERE}: {UNREAD}"),
    (Deep, rf"Holder\.sockets {HERE}: {UNREAD}"),
    (list[Socket], UNREAD),
    (Never, r"no value is of the type Never"),
]


@pytest.mark.parametrize(("kind", "message"), REFUSED, ids=str)
def test_what_has_no_schema_is_refused_by_its_place(kind: Any, message: str) -> None:
    with pytest.raises(DeclarationError, match=f"^r.update: {message}"):
        type_adapter(kind, "r.update")


def test_so_it_is_where_a_route_of_it_is_included() -> None:
    """In both directions, and nothing is said of what is made around a request."""
    for types in ((ListenRequest, Holder), (Holder, int)):
        with pytest.raises(DeclarationError, match=rf"^odd\.\w+: Holder\.sockets {HERE}: "):
            adapter_of({"odd": types})
    router: Any = Callable[[], int]
    with pytest.raises(DeclarationError, match=r"^odd\.subscribe: a function does not travel"):
        adapter_of({"odd": (router, int)})


@pytest.mark.parametrize("types", [(ListenRequest, Outer), (Outer, int)], ids=["sent", "received"])
def test_what_has_no_json_form_is_refused_by_its_place(types: tuple[Any, Any]) -> None:
    place = rf"^odd\.\w+: Loose\.socket {HERE}: Socket has no JSON form.* Declare what travels: "
    with pytest.raises(DocumentError, match=place):
        build(adapter_of({"odd": types}))
