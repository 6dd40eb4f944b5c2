"""What a router declares, and what it refuses to declare."""

from __future__ import annotations

from enum import Enum
from typing import Any

import pytest
from packages.topicwire.tests.trading import DrivenService, Trade, TradeRequest, TradesRequest

from topicwire import (
    Client,
    DeclarationError,
    OperationRouter,
    SubscriptionResponse,
    SubscriptionUpdate,
    WsRouter,
)
from topicwire.errors import NotIncludedError, RouterInUseError


class Section(Enum):
    TRADING = "trading"


class Outlet:
    app = "Trading"

    def __init__(self) -> None:
        self.published: list[tuple[str, Any]] = []

    def publish(self, topic: str, data: Any) -> None:
        self.published.append((topic, data))


def test_a_route_has_three_operations() -> None:
    """checklist 17"""
    router = WsRouter[TradeRequest, Trade](route="trades", tags=["market", Section.TRADING])
    assert (router.route, router.prefix) == ("trades", "trades.")
    assert router.tags == ["market", "trading"]
    assert [
        (one.name, one.direction, one.payload_type, one.reply, one.reply_type)
        for one in router.operations.values()
    ] == [
        ("subscribe", "send", TradeRequest, "subscribe.response", SubscriptionResponse),
        ("unsubscribe", "send", TradeRequest, "unsubscribe.response", SubscriptionResponse),
        ("update", "recv", Trade, None, None),
    ]


def test_the_docstring_describes_the_operation() -> None:
    router = OperationRouter(prefix="orders.")

    @router.send("preview", reply="preview.response", deprecated=True)
    async def preview(payload: TradeRequest) -> Trade:
        """What an order would cost.

        Nothing is placed.
        """
        return Trade(price=payload.depth)

    operation = router.operations["preview"]
    assert (operation.summary, operation.description, operation.deprecated) == (
        "What an order would cost.",
        "Nothing is placed.",
        True,
    )
    assert operation.handler is preview
    assert (operation.payload_name, operation.client_name) == ("payload", None)


def test_registering_again_replaces_on_this_instance_alone() -> None:
    routers = [WsRouter[TradeRequest, Trade](route="trades") for _ in range(2)]

    @routers[0].send("subscribe", reply="subscribe.response")
    def subscribe(client: Client) -> SubscriptionResponse:
        raise AssertionError(client)

    assert routers[0].operations["subscribe"].handler is subscribe
    assert list(routers[0].operations) == ["subscribe", "unsubscribe", "update"]
    assert routers[1].operations["subscribe"].payload_type is TradeRequest


def test_a_received_operation_is_described_by_its_parameter_or_its_return() -> None:
    router = OperationRouter(prefix="market.")

    @router.recv("halted")
    def halted(payload: Trade) -> None:
        """The market is halted."""

    @router.recv("opened")
    def opened() -> Trade:  # type: ignore[empty-body]  # never called
        """The market is open."""

    @router.recv("closed_for_good")
    def closed() -> None:
        """The market is no more."""

    payloads = [one.payload_type for one in router.operations.values()]
    assert payloads == [Trade, Trade, None]


def no_annotation(payload) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001 - that is the test
    del payload


def two_payloads(one: Trade, two: TradeRequest) -> None:
    del one, two


def anything(**fields: Trade) -> None:
    del fields


def unknown(payload: Nowhere) -> None:  # type: ignore[name-defined]  # noqa: F821 - that is the test
    del payload


@pytest.mark.parametrize(
    ("handler", "says"),
    [
        (no_annotation, "`payload` has no annotation"),
        (two_payloads, "both `one` and `two` would take the payload"),
        (anything, "`fields` takes anything"),
        (unknown, "name 'Nowhere' is not defined"),
    ],
)
def test_says_where_a_handler_cannot_be_read(handler: Any, says: str) -> None:
    router = OperationRouter(prefix="orders.")
    with pytest.raises(DeclarationError) as caught:
        router.send("x")(handler)
    message = str(caught.value)
    assert says in message
    assert f"test_operations.py:{handler.__code__.co_firstlineno}: {handler.__name__}" in message


def test_a_reply_needs_a_type() -> None:
    router = OperationRouter(prefix="orders.")

    def untyped(payload: Trade):  # type: ignore[no-untyped-def]  # noqa: ANN202 - that is the test
        del payload

    with pytest.raises(DeclarationError, match="has no return annotation"):
        router.send("preview", reply="preview.response")(untyped)
    router.send("subscribe", reply="subscribe.response")(untyped)
    assert router.operations["subscribe"].reply_type is SubscriptionResponse


class Demanding(SubscriptionResponse):
    count: int


def test_a_reply_of_your_own_has_defaults() -> None:
    router = OperationRouter(prefix="orders.")

    def subscribe() -> Demanding:
        raise AssertionError

    with pytest.raises(DeclarationError, match=r"Demanding\.count needs a default"):
        router.send("subscribe", reply="subscribe.response")(subscribe)


@pytest.mark.parametrize("route", ["Trades", "a-b", "then", "connection"])
def test_a_bad_name_is_refused_when_it_is_given(route: str) -> None:
    with pytest.raises(DeclarationError, match="cannot be the name of a route"):
        WsRouter[TradeRequest, Trade](route=route)


def test_a_route_may_be_named_later_than_made() -> None:
    router = WsRouter[TradeRequest, Trade]()
    assert router.route == ""
    with pytest.raises(DeclarationError, match="has no name"):
        router.attach(Outlet())


def test_lingering_is_no_negative_time() -> None:
    with pytest.raises(DeclarationError, match=r"linger_s of route 'trades' is -1"):
        WsRouter[TradeRequest, Trade](route="trades", linger_s=-1)


class NoCreate:
    def remove_topic(self, topic: str) -> None: ...


class NoRemove:
    def create_topic(self, topic: str, topic_update: Any) -> None: ...


@pytest.mark.parametrize(
    ("service", "says"),
    [
        (NoCreate(), "NoCreate, has no method create_topic. Add `def create_topic"),
        (NoRemove(), "NoRemove, has no method remove_topic. Add `def remove_topic"),
        (DrivenService, r"is the class DrivenService, not an instance: pass `DrivenService\(\)`"),
    ],
)
def test_a_service_that_lacks_a_method_is_refused_at_once(service: Any, says: str) -> None:
    with pytest.raises(DeclarationError, match=says):
        WsRouter[TradeRequest, Trade](route="trades", service=service)


def test_publish_says_that_nobody_can_hear() -> None:
    router = WsRouter[TradeRequest, Trade](route="trades")
    with pytest.raises(NotIncludedError, match=r"include_router\(router\)"):
        router.publish("trades:x", Trade(price=1))


def test_one_instance_feeds_one_app() -> None:
    router = WsRouter[TradeRequest, Trade](route="trades")
    router.attach(Outlet())
    with pytest.raises(RouterInUseError, match="in the app 'Trading' already") as caught:
        router.attach(Outlet())
    assert (caught.value.route, caught.value.app) == ("trades", "Trading")


async def test_the_queue_is_a_way_in() -> None:
    router = WsRouter[TradeRequest, Trade](route="trades")
    outlet = Outlet()
    router.attach(outlet)
    router.publish("a", Trade(price=1))
    router.updates_queue.put_nowait(SubscriptionUpdate(topic="b", payload=Trade(price=2)))
    await router.updates_queue.put(SubscriptionUpdate[Trade](topic="c", payload=Trade(price=3)))
    router.publish(["d", "e"], Trade(price=4))
    assert [(topic, data.price) for topic, data in outlet.published] == [
        *(("a", 1.0), ("b", 2.0), ("c", 3.0), ("d", 4.0), ("e", 4.0))
    ]


def test_handlers_may_be_inherited_models() -> None:
    class Sub(WsRouter[TradesRequest, list[Trade]]):
        pass

    operations = Sub(route="trades").operations
    assert operations["subscribe"].payload_type is TradesRequest
    assert operations["update"].payload_type == list[Trade]
