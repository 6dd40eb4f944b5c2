"""Every construct of the corpus: from a client's value to the server, and back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, get_type_hints

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from packages.topicwire.tests.codegen.client_python.generated_client import GeneratedClient
from packages.topicwire.tests.corpus import CONSTRUCTS, Construct, corpus_adapter
from packages.topicwire.tests.serving import serving
from pydantic import BaseModel, TypeAdapter
from starlette.applications import Starlette

from topicwire.asyncapi.document import build
from topicwire.client.generated import Payload, RouteOf
from topicwire.wire.exact import unsafe_integer_in
from topicwire.wire.requests import request_json
from topicwire.wire.topics import canonical_json

# of the corpus, whose deprecated class is made here as any other
pytestmark = pytest.mark.filterwarnings("ignore:use Plain:DeprecationWarning")


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    made = GeneratedClient(tmp_path_factory.mktemp("trips"), build(corpus_adapter()), "trips")
    with made.imported() as module:
        yield module


async def test_a_value_is_the_same_on_both_sides(package: Any) -> None:
    await _round_trips(package, CONSTRUCTS, 4)


@pytest.mark.long
async def test_two_hundred_values_are_the_same_on_both_sides(package: Any) -> None:
    await _round_trips(package, CONSTRUCTS, 200)


async def _round_trips(package: Any, constructs: list[Construct], count: int) -> None:
    heard: dict[str, Any] = {}
    app = Starlette()
    corpus_adapter(heard=heard.__setitem__).setup(app)
    async with serving(app) as url:
        for construct in constructs:
            # each by a connection of its own, which may send a thousand commands at once
            async with package.GeneratedClient(url) as client:
                await _round_trip(_route(client, construct), construct, heard, count)


async def _round_trip(route: Any, construct: Construct, heard: dict[str, Any], count: int) -> None:
    hints = get_type_hints(type(route).echo)
    server: TypeAdapter[Any] = TypeAdapter(construct.payload_type)
    sent, received = _strict(hints["payload"]), _strict(hints["return"])
    for value in _examples(construct, count):
        payload = sent.validate_json(json.dumps(construct.sent_json(value)))
        answer = await route.echo(payload)
        # the representation is for NaN, which is not like itself
        there = heard[construct.name]
        assert there == value or repr(there) == repr(value), construct.name
        if isinstance(payload, Payload):
            # as it names a subscription: sorted, in JSON that is the same in every language
            asked = server.validate_json(canonical_json(request_json(payload)))
            assert asked == value or repr(asked) == repr(value), construct.name
        expected = json.loads(server.dump_json(value, by_alias=True))
        written = json.loads(received.dump_json(answer, by_alias=True))
        # the order of a set is not the same in another process
        if _has_sets(value):
            written, expected = _unordered(written), _unordered(expected)
        assert written == expected, construct.name


def _route(client: Any, construct: Construct) -> Any:
    """The route's attribute, which has an underscore where the client has that name already."""
    named = (getattr(client, name, None) for name in (construct.name, f"{construct.name}_"))
    return next(one for one in named if isinstance(one, RouteOf))


def _strict(kind: Any) -> TypeAdapter[Any]:
    is_model = isinstance(kind, type) and issubclass(kind, Payload)
    return TypeAdapter(kind) if is_model else TypeAdapter(kind, config={"strict": True})


def _has_sets(value: Any) -> bool:
    if isinstance(value, BaseModel):
        return any(_has_sets(one) for _, one in value)
    return isinstance(value, set | frozenset)


def _unordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _unordered(one) for key, one in value.items()}
    if isinstance(value, list):
        return sorted((_unordered(one) for one in value), key=json.dumps)
    return value


def _examples(construct: Construct, count: int) -> list[Any]:
    """So many values of a construct that a server can send, the same in each run."""
    server: TypeAdapter[Any] = TypeAdapter(construct.payload_type)
    found: list[Any] = []

    def travels(value: Any) -> bool:
        # a serializer may make a sum of two integers that is none of JavaScript's
        return not unsafe_integer_in(server.dump_json(value, by_alias=True))

    @seed(1)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(construct.values().filter(travels))
    def collect(value: Any) -> None:
        found.append(value)

    collect()
    return found
