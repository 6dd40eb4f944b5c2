"""examples/FASTWS-INTEGRATION.md is one application: here it is run, as it is printed."""

from __future__ import annotations

import json
import re
import types
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from backend.tests.manual_clock import ManualClock
from backend.tests.serving import Served, Socket, serving
from websockets.asyncio.client import connect

PAGE = Path(__file__).parents[1] / "examples/FASTWS-INTEGRATION.md"
SOURCE = "\n".join(
    re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
)


@pytest.fixture
def example() -> types.SimpleNamespace:
    """The page's code, executed anew."""
    module = types.ModuleType("fastws_integration")
    code = compile(SOURCE, str(PAGE), "exec")
    exec(code, vars(module))  # noqa: S102 the page is this repository's own
    return types.SimpleNamespace(**vars(module))


@pytest.fixture
async def served_example(
    example: types.SimpleNamespace, clock: ManualClock
) -> AsyncIterator[Served]:
    async with serving((example.app, example.ws_app), clock) as app:
        yield app


@pytest.fixture
async def client(served_example: Served) -> AsyncIterator[Socket]:
    async with connect(f"ws://127.0.0.1:{served_example.port}/ws") as connection:
        yield Socket(connection)


async def test_a_service_feeds_a_topic_while_somebody_listens(
    client: Socket, example: types.SimpleNamespace
) -> None:
    """checklist 11."""
    reply = await client.call("temperatures.subscribe", {"city": "Oslo"})
    assert reply["topic"] == 'temperatures:{"city":"Oslo","unit":"C"}'
    assert await client.update("temperatures") == {"city": "Oslo", "degrees": 21.5}
    assert list(example.thermometer.tasks) == [reply["topic"]]
    await client.send("temperatures.unsubscribe", {"unit": "C", "city": "Oslo"})
    while (await client.receive())["type"] == "temperatures.update":
        pass
    assert not example.thermometer.tasks


async def test_anybody_may_publish(client: Socket, served_example: Served) -> None:
    """checklist 25, and the exchange that the page prints."""
    printed = re.search(r"^```\n→ (.*)\n← (.*)\n← (.*)\n```$", PAGE.read_text(), re.MULTILINE)
    assert printed is not None
    command, reply, update = map(json.loads, printed.groups())
    await client.send(command["type"], command["payload"], id=command["id"])
    received = await client.receive()
    received["payload"]["epoch"] = "…"
    assert received == reply
    url = f"http://127.0.0.1:{served_example.port}/warn/Oslo"
    assert (await served_example.rest.post(url)).status_code == 200
    assert await client.receive() == update


async def test_one_request_may_have_many_topics(client: Socket) -> None:
    """checklist 26."""
    reply = await client.call("forecasts.subscribe", {"symbols": ["Oslo", "Rome"]})
    assert [topic["topic"] for topic in reply["topics"]] == [
        'forecasts:{"symbol":"Oslo"}',
        'forecasts:{"symbol":"Rome"}',
    ]


@pytest.mark.parametrize(
    ("request_", "topic"),
    [
        ({"symbol": "AAPL"}, "news:all:AAPL"),
        ({"symbol": "*", "category": "weather"}, "news:weather:*"),
    ],
)
async def test_a_builder_of_ones_own(
    request_: dict[str, str], topic: str, client: Socket, example: types.SimpleNamespace
) -> None:
    """checklist 18: (symbol, params) builders, called by the engine and by hand alike."""
    assert (await client.call("news.subscribe", request_))["topic"] == topic
    category = {"category": request_.get("category", "all")}
    assert example.news.topic_builder(request_["symbol"], category) == topic


async def test_a_hook_says_no(client: Socket) -> None:
    """checklist 27."""
    refused = await client.call("local.subscribe", {"city": "Rome"})
    assert (refused["status"], refused["message"]) == (
        "error",
        "unknown city 'Rome': known is Oslo",
    )
    assert (await client.call("local.subscribe", {"city": "Oslo"}))["status"] == "ok"


async def test_handlers_of_ones_own(client: Socket) -> None:
    """checklist 27: a handler that answers status="error" has subscribed nothing."""
    refused = await client.call("private.subscribe", {"city": "Rome"})
    assert (refused["status"], refused["message"]) == ("error", "By invitation only")
    welcome = await client.call("private.subscribe", {"city": "Oslo"})
    assert (welcome["message"], welcome["topic"]) == ("Welcome", "private:Oslo")
    assert await client.call("private.mean", {"city": "Oslo"}) == {"degrees": 4.5}


async def test_the_document_has_it_all(served_example: Served) -> None:
    """checklist 17."""
    url = f"http://127.0.0.1:{served_example.port}/ws/asyncapi.json"
    document: dict[str, Any] = (await served_example.rest.get(url)).json()
    assert {"temperatures", "warnings", "forecasts", "news", "local", "private"} < {
        *document["channels"]
    }
    assert document["operations"]["private.mean"]["summary"] == (
        "Answer with the mean temperature of a city."
    )
