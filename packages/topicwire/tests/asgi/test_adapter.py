"""What an app includes, and what it refuses."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from packages.topicwire.tests.trading import (
    AAPL,
    AAPL_TOPIC,
    App,
    Trade,
    TradeRequest,
    TradesRequest,
    trades,
    update,
)

from topicwire import Client, DeclarationError, FastWSAdapter, SubscriptionResponse, WsRouter
from topicwire.errors import RouterInUseError, WrongThreadError
from topicwire.testing import connect


def adapter() -> FastWSAdapter:
    return FastWSAdapter(title="Trading", version="1")


def test_an_empty_route_is_refused() -> None:
    with pytest.raises(DeclarationError, match=r'route="trades"'):
        adapter().include_router(WsRouter[TradeRequest, Trade]())


def test_a_class_is_no_router() -> None:
    wrong: Any = WsRouter[TradeRequest, Trade]
    with pytest.raises(DeclarationError, match=r"the class WsRouter\[.*\], not an instance"):
        adapter().include_router(wrong)


def test_a_route_is_included_once() -> None:
    app = adapter()
    router = trades()
    app.include_router(router)
    with pytest.raises(DeclarationError, match=r"'trades' is included twice .* this router is"):
        app.include_router(router)
    with pytest.raises(DeclarationError, match="another router of that name"):
        app.include_router(trades())
    assert list(app.routers) == [router]


def test_an_instance_belongs_to_one_app() -> None:
    router = trades()
    adapter().include_router(router)
    other = adapter()
    with pytest.raises(RouterInUseError, match="where the app is put together"):
        other.include_router(router)
    assert list(other.routers) == []


class Unknown:
    pass


def test_a_type_without_a_schema_is_refused_by_name() -> None:
    router = WsRouter[TradeRequest, Unknown](route="odd")
    with pytest.raises(
        DeclarationError,
        match=r"odd\.update: Pydantic does not know how Unknown \(.*test_adapter\.py:\d+\) is",
    ):
        adapter().include_router(router)
    with pytest.raises(DeclarationError, match=r"odd\.subscribe: Pydantic"):
        adapter().include_router(WsRouter[Unknown, Trade](route="odd"))


def test_a_path_begins_with_a_slash() -> None:
    with pytest.raises(DeclarationError, match="'/ws'"):
        FastWSAdapter(title="T", version="1", path="ws")
    assert FastWSAdapter(title="T", version="1", path="/ws/").path == "/ws"


async def test_two_apps_in_one_process_are_independent() -> None:
    routers = [trades(), trades()]
    apps = [App(router) for router in routers]
    async with connect(apps[0].asgi) as one, connect(apps[1].asgi) as two:
        first = await one.subscribe("trades", AAPL)
        second = await two.subscribe("trades", AAPL)
        assert first["topic"] == second["topic"]
        assert first["epoch"] != second["epoch"]
        routers[0].publish(AAPL_TOPIC, Trade(price=1))
        assert await one.settle() == [update(AAPL_TOPIC, 1, 1.0)]
        assert await two.settle() == []


async def test_an_operation_may_be_registered_after_the_router_was_included() -> None:
    router = trades()
    app = App(router)
    async with connect(app.asgi) as client:
        assert (await client.subscribe("trades", AAPL))["message"] == "Subscribed"

    @router.send("subscribe", reply="subscribe.response")
    def subscribe(payload: TradeRequest, client: Client) -> SubscriptionResponse:
        client.subscribe("trades:mine")
        return SubscriptionResponse(status="ok", message=payload.symbol, topic="trades:mine")

    async with connect(app.asgi) as client:
        assert (await client.subscribe("trades", AAPL))["message"] == "AAPL"


async def test_an_app_without_routes_says_so() -> None:
    """checklist 32"""
    async with connect(App().asgi) as client:
        answer = await client.request("trades.subscribe", AAPL)
        assert answer["payload"]["code"] == "no_matching_type"
        assert "No router is registered" in answer["payload"]["message"]


async def test_publishing_from_another_thread_says_how() -> None:
    router = trades()
    app = App(router)
    raised: list[BaseException] = []

    def publish() -> None:
        try:
            router.publish(AAPL_TOPIC, Trade(price=1))
        except WrongThreadError as error:
            raised.append(error)

    async with connect(app.asgi) as client:
        await client.subscribe("trades", AAPL)
        thread = threading.Thread(target=publish)
        thread.start()
        thread.join()
        assert await client.settle() == []
    assert "call_soon_threadsafe(router.publish, topic, data)" in str(raised[0])


async def test_an_observer_sees_what_was_sent_and_what_was_accepted() -> None:
    seen: list[tuple[Any, ...]] = []
    app = FastWSAdapter(title="T", version="1", observe=lambda *observed: seen.append(observed))
    app.include_router(WsRouter[TradesRequest, Trade](route="trades"))
    async with connect(app.endpoint, legacy=True) as client:
        await client.send("nope")
        await client.settle()
    assert all(one is app for one, _, _ in seen)
    assert sorted(direction for _, direction, _ in seen) == ["to_client", "to_client", "to_server"]
    texts = [text for _, _, text in seen]
    assert '{"type": "ping", "id": 1}' in texts
    assert "nope" not in texts


async def test_a_second_life_after_close() -> None:
    router = trades()
    app = App(router)
    async with connect(app.asgi) as client:
        await client.subscribe("trades", AAPL)
        await app.adapter.close()
    async with connect(app.asgi) as client:
        assert (await client.subscribe("trades", AAPL))["status"] == "ok"
        router.publish(AAPL_TOPIC, Trade(price=1))
        assert await client.settle() == [update(AAPL_TOPIC, 1, 1.0)]
