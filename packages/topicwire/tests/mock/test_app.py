"""A document served as a mock: the real protocol, and nothing that the document does not say."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from packages.topicwire.tests.serving import serving
from pydantic import BaseModel, Field

from topicwire import (
    ANONYMOUS,
    Client,
    FastWSAdapter,
    Principal,
    ReplayLimits,
    SubscriptionResponse,
    WsRouter,
    drop_oldest,
    latest,
    merge,
)
from topicwire.asyncapi.errors import DocumentError
from topicwire.asyncapi.frames import FrameValidator
from topicwire.mock.app import mock_app
from topicwire.mock.document import read
from topicwire.testing import InProcessClient, connect

TRADING = Path(__file__).parents[4] / "backend/generated/asyncapi.json"
PATH = "/api/v1/ws"


class Ask(BaseModel):
    symbol: str
    depth: int = 5
    tags: set[str] = set()


class Tell(BaseModel):
    id: int
    symbol: str
    price: float
    depth: int


class Preview(BaseModel):
    symbol: str
    cost: str = Field(pattern=r"^\d+\.\d\d$")


class Answer(SubscriptionResponse):
    """Of the app's own."""

    plan: str = "free"


class Anybody:
    def authenticate(self, websocket: Any, /) -> Principal:
        del websocket
        return ANONYMOUS

    def authenticate_token(self, token: str, /) -> Principal:
        return Principal(token)


def documented(**options: Any) -> dict[str, Any]:
    """The document of an app with a route `asks`, and operations of its own."""
    adapter = FastWSAdapter(title="Asks", version="1", path=PATH, authenticate=Anybody())
    router = WsRouter[Ask, Tell](route="asks", **options)

    @router.send("preview", reply="preview.response")
    async def preview(payload: Ask) -> Preview:
        return Preview(symbol=payload.symbol, cost="1.00")

    @router.send("forget")
    async def forget() -> None: ...

    @router.send("count", reply="count.response")
    async def count() -> int:
        return 0

    adapter.include_router(router)
    return adapter.asyncapi()


class Watched:
    """A mock whose every message is held against the document that it was made of."""

    def __init__(self, content: Any, **options: Any) -> None:
        self.frames = FrameValidator(content)
        self.seen: list[str] = []
        self.faults: list[str] = []
        self.app = mock_app(content, observe=self.observe, **options)

    def observe(self, adapter: Any, direction: Any, message: str) -> None:
        del adapter
        try:
            self.seen.append(self.frames.match(message, direction))
        except DocumentError as fault:
            self.faults.append(str(fault))


async def first(
    content: Any, count: int, request: Any, route: str = "asks", **options: Any
) -> list[Any]:
    """The data of the first updates of a topic."""
    watched = Watched(content, rate_hz=1000, **options)
    async with connect(watched.app, PATH) as client:
        await client.request(f"{route}.subscribe", request)
        data = [(await client.receive())["payload"]["payload"] for _ in range(count)]
    assert not watched.faults
    return data


async def test_the_trading_document_is_served_whole() -> None:
    """Every route of it; each frame is one message of the document itself."""
    watched = Watched(json.loads(TRADING.read_text()), rate_hz=100)
    requests = {
        "bars": {"symbol": "AAPL", "resolution": "5"},
        "quotes": {"symbol": "IBM"},
        "orders": {"account_id": "A-1"},
        "positions": {"account_id": "A-1"},
    }
    async with connect(watched.app, PATH) as client:
        for route, request in requests.items():
            reply = await client.request(f"{route}.subscribe", request)
            assert reply["payload"]["status"] == "ok"
            update = await client.receive()
            while update["type"].partition(".")[0] in requests.keys() - {route}:
                update = await client.receive()  # sent before the last route was unsubscribed
            payload = update["payload"]
            assert (update["type"], payload["topic"]) == (
                f"{route}.update",
                reply["payload"]["topic"],
            )
            assert payload.get("snapshot", False) == (route in {"bars", "quotes"})
            for name in payload["payload"].keys() & request.keys():
                assert payload["payload"][name] == request[name]
            left = await client.request(f"{route}.unsubscribe", request)
            assert left["payload"]["message"] == "Unsubscribed"
    assert not watched.faults
    assert {f"{route}.update" for route in requests} <= set(watched.seen)


async def test_the_same_seed_makes_the_same_data() -> None:
    content = documented()
    request = {"symbol": "IBM"}
    once = await first(content, 20, request, seed=3)
    assert once == await first(content, 20, request, seed=3)
    assert once != await first(content, 20, request, seed=4)
    assert once != await first(content, 20, {"symbol": "IBM", "depth": 6}, seed=3)
    assert {(one["symbol"], one["depth"]) for one in once} == {("IBM", 5)}
    assert [one["id"] for one in once] == [*range(1, 21)]


async def test_what_is_sent_is_checked_against_the_document() -> None:
    watched = Watched(documented())
    async with connect(watched.app, PATH) as client:
        reply = await client.request("asks.subscribe", {"depth": "deep"})
        assert reply["payload"]["code"] == "validation_error"
        assert "'symbol' is a required property" in reply["payload"]["message"]
        one = await client.request("asks.subscribe", {"symbol": "A", "tags": ["b", "a"]})
        assert one["payload"]["topic"] == 'asks:{"depth":5,"symbol":"A","tags":["a","b"]}'


async def test_operations_are_answered() -> None:
    watched = Watched(documented())
    async with connect(watched.app, PATH) as client:
        reply = await client.request("asks.preview", {"symbol": "IBM"})
        assert reply["payload"]["symbol"] == "IBM"
        assert float(reply["payload"]["cost"]) > 0
        counts = [(await client.request("asks.count"))["payload"] for _ in range(2)]
        assert all(isinstance(one, int) for one in counts)
        await client.send({"type": "asks.forget", "id": 9})
        assert (await client.request("auth", {"token": "any"}))["payload"]["status"] == "ok"
        wrong = await client.request("asks.preview", {})
        assert wrong["payload"]["code"] == "validation_error"
    assert not watched.faults


async def test_an_answer_of_the_apps_own_has_its_fields() -> None:
    adapter = FastWSAdapter(title="Own", version="1", path=PATH)
    router = WsRouter[Ask, Tell](route="asks")

    @router.send("subscribe", reply="subscribe.response")
    async def subscribe(payload: Ask, client: Client) -> Answer:
        del payload
        client.subscribe("x")
        return Answer(status="ok", message="", topic="x")

    adapter.include_router(router)
    watched = Watched(adapter.asyncapi())
    async with connect(watched.app, PATH) as client:
        reply = await client.request("asks.subscribe", {"symbol": "A"})
        assert isinstance(reply["payload"]["plan"], str)
        refused = await client.request("asks.subscribe", {})
        assert refused["payload"]["status"] == "error"
    assert not watched.faults


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"replay": None},
        {"replay": ReplayLimits(7, 60.0, 5000)},
        {"snapshot": "last"},
        {"delivery": latest(max_rate_hz=5)},
        {"delivery": latest(key="symbol", lossless=lambda _: True)},
        {"delivery": latest(key=lambda data: data.id)},
        {"delivery": drop_oldest(9)},
        {"delivery": merge(lambda _, newer: newer)},
        {"stale_after_s": 0.5},
        {"wildcards": True},
    ],
    # the same in every process: where a function lies in memory is not
    ids=lambda options: re.sub(r" at 0x\w+", "", str(options)),
)
async def test_a_route_keeps_what_its_declaration_says(options: dict[str, Any]) -> None:
    """What the mock's own document says of the route is what the given one says."""
    content = documented(**options)
    watched = Watched(content)
    (adapter,) = watched.app.state.topicwire
    given = content["channels"]["asks"]["x-topicwire-route"]
    assert adapter.asyncapi()["channels"]["asks"]["x-topicwire-route"] == given
    async with connect(watched.app, PATH) as client:
        reply = await client.request("asks.subscribe", {"symbol": "A"})
        assert reply["payload"]["status"] == "ok"
        await client.receive()
    assert not watched.faults


async def test_who_comes_back_resumes() -> None:
    """Where the declaration keeps updates: what was missed follows, numbered."""
    content = json.loads(TRADING.read_text())
    watched = Watched(content, rate_hz=200)
    async with connect(watched.app, PATH) as one, connect(watched.app, PATH) as other:
        request = {"account_id": "A-1"}
        place = (await one.request("orders.subscribe", request))["payload"]
        seen = [(await one.receive())["payload"]["seq"] for _ in range(5)]
        await other.send(
            {
                "type": "orders.subscribe",
                "id": 1,
                "payload": request,
                "resume": {"epoch": place["epoch"], "seq": place["seq"]},
            }
        )
        reply = await _until(other, "orders.subscribe.response")
        assert reply["payload"]["recovered"] is True
        again = [(await other.receive())["payload"]["seq"] for _ in range(5)]
    assert again == seen
    assert not watched.faults


async def _until(client: InProcessClient, kind: str) -> dict[str, Any]:
    while True:
        message = await client.receive()
        if message["type"] == kind:
            return message


async def test_the_document_and_its_page_are_served() -> None:
    """As given, but for the address."""
    content = documented()
    async with serving(mock_app(content)) as url:
        base = url.replace("ws://", "http://")
        async with httpx.AsyncClient() as client:
            document = (await client.get(f"{base}/asyncapi.json")).json()
            page = await client.get(f"{base}/asyncapi")
            root = await client.get(base.removesuffix(PATH) + "/")
    host = base.removeprefix("http://").removesuffix(PATH)
    assert document.pop("servers")["ws"]["host"] == host
    assert document == {key: one for key, one in content.items() if key != "servers"}
    assert "<title>Asks</title>" in page.text
    assert root.headers["location"] == f"{PATH}/asyncapi"


def test_documents_that_cannot_be_served_are_refused() -> None:
    with pytest.raises(DocumentError, match="not an AsyncAPI 3 document"):
        read({"openapi": "3.1.0"})
    with pytest.raises(DocumentError, match="was not written by Topicwire"):
        read({"asyncapi": "3.0.0"})
    empty = FastWSAdapter(title="Empty", version="1").asyncapi()
    with pytest.raises(DocumentError, match="has no route"):
        read(empty)
    broken = documented()
    del broken["components"]["messages"]["asks.update"]["payload"]["properties"]["type"]
    with pytest.raises(DocumentError):
        read(broken)


def test_topics_run_at_the_rate_or_faster_where_silence_would_be_stale() -> None:
    """Seconds between two updates."""
    for stale_after_s, expected in ((None, 0.25), (10, 0.25), (0.2, 0.1)):
        (adapter,) = mock_app(documented(stale_after_s=stale_after_s), rate_hz=4).state.topicwire
        (router,) = adapter.routers
        assert router.service.interval_s == expected
