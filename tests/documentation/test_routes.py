"""docs/routes.md: its examples run, one after the other, and its defaults are the code's."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from starlette.applications import Starlette

from tests.documentation.execution import execute
from tests.quickstart.specification import blocks
from topicwire import (
    DeclarationError,
    FastWSAdapter,
    ReplayLimits,
    RouteOptions,
    Settings,
    WsRouter,
    WsRouterInterface,
    WsRouteService,
    drop_oldest,
    latest,
    lossless,
    merge,
)
from topicwire.testing import ManualClock, connect

PAGE = Path(__file__).parents[2] / "docs/routes.md"
TEXT = PAGE.read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(\w+)` \| `(.+?)`(?: with a service, else `(.+)`)? \| .+ \|$", re.MULTILINE)


AAPL = {"symbol": "AAPL"}


class Level(BaseModel):
    price: float


class Book(BaseModel):
    levels: list[Level]


class Service(WsRouteService):
    async def create_topic(self, topic: str, topic_update: Any) -> None:
        del topic, topic_update


async def examples() -> dict[str, Any]:
    """Run what the page prints; returns what it defines."""
    names: dict[str, Any] = {"__name__": "example"}
    printed = [block.text for block in blocks(PAGE) if block.language == "python"]
    assert len(printed) > 3
    for example in printed:
        await execute(example, PAGE.name, names)
    return names


def serving(router: WsRouterInterface) -> tuple[Starlette, ManualClock]:
    clock, app = ManualClock(), Starlette()
    adapter = FastWSAdapter(title="Trading", version="1", clock=clock)
    adapter.include_router(router)
    adapter.setup(app)
    return app, clock


async def test_what_a_producer_made_is_kept_as_long_as_it_lingers() -> None:
    """The first row of "What is kept", by the printed book; and the whole for who comes late."""
    names = await examples()
    service = names["service"]
    app, clock = serving(names["books"])
    async with connect(app) as client, connect(app) as other:
        reply = await client.subscribe("books", AAPL)
        seen = {key: reply[key] for key in ("epoch", "seq")}
        assert (await client.receive())["payload"]["payload"] == {"sizes": {}}
        service.change(reply["topic"], "189.5", 100)
        await other.subscribe("books", AAPL)
        await client.unsubscribe("books", AAPL)
        clock.advance(290)
        assert (await client.subscribe("books", AAPL, resume=seen))["recovered"]
        await client.unsubscribe("books", AAPL)
        await other.unsubscribe("books", AAPL)
        clock.advance(4)
        assert (await client.subscribe("books", AAPL, resume=seen))["recovered"]
        await client.unsubscribe("books", AAPL)
        clock.advance(5)
        again = await client.subscribe("books", AAPL, resume=seen)
        assert (again["recovered"], again["snapshot"]) == (False, True)
        assert again["epoch"] != seen["epoch"]
        service.change(reply["topic"], "190", 5)
        state, change = (one["payload"] for one in (await client.settle())[-2:])
        assert (state["snapshot"], state["payload"]) == (True, {"sizes": {"189.5": 100}})
        assert change["payload"] == {"sizes": {"190": 5}}


async def test_what_the_application_makes_is_kept_without_anybody() -> None:
    """The third row."""
    router = WsRouter[Any, Any](route="orders")
    app, clock = serving(router)
    async with connect(app) as client:
        reply = await client.subscribe("orders", AAPL)
        seen = {key: reply[key] for key in ("epoch", "seq")}
        await client.unsubscribe("orders", AAPL)
        router.publish(reply["topic"], {"id": 1})
        clock.advance(299)
        assert (await client.subscribe("orders", AAPL, resume=seen))["recovered"]
        await client.unsubscribe("orders", AAPL)
        clock.advance(301)
        assert not (await client.subscribe("orders", AAPL, resume=seen))["recovered"]


async def test_who_missed_nothing_is_recovered_where_nothing_is_kept() -> None:
    """The last row."""
    router = WsRouter[Any, Any](route="orders", service=Service(), replay=None)
    app, clock = serving(router)
    async with connect(app) as client, connect(app) as other:
        reply = await client.subscribe("orders", AAPL)
        seen = {key: reply[key] for key in ("epoch", "seq")}
        await other.subscribe("orders", AAPL)
        await client.unsubscribe("orders", AAPL)
        assert (await client.subscribe("orders", AAPL, resume=seen))["recovered"]
        for one in (client, other):
            await one.unsubscribe("orders", AAPL)
        clock.advance(5)
        assert not (await client.subscribe("orders", AAPL, resume=seen))["recovered"]


async def test_a_snapshot_of_a_route_with_keys_may_be_another_model_of_a_union() -> None:
    class Books(Service):
        def get_snapshot(self, topic: str) -> Book:
            del topic
            return Book(levels=[Level(price=1)])

    router = WsRouter[Any, Level | Book](
        route="books",
        service=Books(),
        updates_from="application",
        delivery=latest(key=lambda data: data.price if isinstance(data, Level) else None),
    )
    app, _ = serving(router)
    async with connect(app) as client:
        reply = await client.subscribe("books", AAPL)
        router.publish(reply["topic"], Level(price=1))
        router.publish(reply["topic"], Level(price=1))
        heard = [one["payload"]["payload"] for one in await client.settle()]
        assert heard == [{"levels": [{"price": 1}]}, {"price": 1}]


def test_the_table_has_every_option_with_its_default() -> None:
    fed = WsRouter[Any, Any](route="fed", service=Service()).settings
    unfed = WsRouter[Any, Any](route="unfed").settings
    names = {"lossless": lossless, "ReplayLimits": ReplayLimits}
    rows = ROW.findall(TEXT.partition("## Every option")[2])
    assert [name for name, _, _ in rows] == list(RouteOptions.__annotations__)
    for name, default, without_service in rows:
        assert eval(default, names) == getattr(fed, name)  # noqa: S307 - our own documentation
        assert eval(without_service or default, names) == getattr(unfed, name)  # noqa: S307


def test_the_numbers_are_the_defaults() -> None:
    settings, limits = Settings(), ReplayLimits()
    for said, holds in {
        "300 updates, 300 s, 1 MiB": (
            (limits.max_updates, limits.max_age_s, limits.max_bytes) == (300, 300, 1 << 20)
        ),
        "At most 128 topics linger": settings.max_lingering_topics == 128,
        "10,000 are kept without a subscriber": settings.max_retained_topics == 10_000,
        "all together are 256 MiB": settings.max_replay_bytes == 1 << 28,
    }.items():
        assert said in TEXT
        assert holds, said


@pytest.mark.parametrize("options", [{"snapshot": "last"}, {"full_state": True}], ids=str)
@pytest.mark.parametrize("delivery", [latest(key="price"), merge(max)], ids=lambda one: one.policy)
def test_what_is_said_to_be_refused_is(options: dict[str, Any], delivery: Any) -> None:
    with pytest.raises(DeclarationError, match="get_snapshot"):
        WsRouter[Any, Any](route="books", delivery=delivery, **options)


def test_the_promise_that_the_page_recommends_is_accepted() -> None:
    router = WsRouter[Any, Any](
        route="fed",
        service=Service(),
        linger_s=300,
        replay=ReplayLimits(),
        delivery=drop_oldest(100),
    )
    assert router.settings.replay == ReplayLimits()
