"""What one client may take of the server, on by default."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any

import pytest
from packages.topicwire.tests.identity.tokens import Tokens
from packages.topicwire.tests.trading import AAPL, AAPL_TOPIC, IBM, App, Trade, trades, update

from topicwire.close_codes import RATE_LIMITED
from topicwire.testing import ConnectionEnded, InProcessClient, connect


async def is_let_in(app: App, **options: Any) -> bool:
    try:
        async with connect(app.asgi, **options):
            return True
    except ConnectionEnded as ended:
        return ended.code != RATE_LIMITED


async def test_an_address_has_so_many_connections() -> None:
    app = App(trades(), max_connections_per_address=2)
    async with connect(app.asgi, address="192.0.2.1"):
        async with connect(app.asgi, address="192.0.2.1"):
            assert not await is_let_in(app, address="192.0.2.1")
            assert not await is_let_in(app, address="::ffff:192.0.2.1")
            assert await is_let_in(app, address="192.0.2.2")
        assert await is_let_in(app, address="192.0.2.1")
    assert app.adapter.metrics.logins_refused == {"rate_limited": 2}


async def test_an_ipv6_network_is_one_address() -> None:
    app = App(trades(), max_connections_per_address=1)
    async with connect(app.asgi, address="2001:db8:0:1::5"):
        assert not await is_let_in(app, address="2001:db8:0:1:ffff:ffff:ffff:ffff")
        assert await is_let_in(app, address="2001:db8:0:2::5")


async def test_a_principal_has_so_many_connections_from_wherever() -> None:
    app = App(trades(), authenticate=Tokens(), max_connections_per_principal=2)
    async with connect(app.asgi, token="ann", address="192.0.2.1"):
        async with connect(app.asgi, auth="ann", address="192.0.2.2"):
            assert not await is_let_in(app, token="ann", address="192.0.2.3")
            assert not await is_let_in(app, auth="ann", address="192.0.2.3")
            assert await is_let_in(app, token="bob", address="192.0.2.1")
        assert await is_let_in(app, token="ann")
    assert len(app.hub.principals) == 0
    assert len(app.adapter.endpoint._door._addresses) == 0


async def test_a_refused_login_takes_no_place() -> None:
    app = App(trades(), authenticate=Tokens(), max_connections_per_address=1)
    for _ in range(3):
        with pytest.raises(ConnectionEnded) as ended:
            async with connect(app.asgi, token="bad"):
                pass
        assert ended.value.code == 4001
    assert await is_let_in(app, token="ann")


async def commands(client: InProcessClient, count: int) -> list[dict[str, Any]]:
    for number in range(count):
        message = {"type": "trades.unsubscribe", "id": number, "payload": IBM}
        await client.send(message)
    return [await client.receive() for _ in range(count)]


async def test_commands_that_come_too_fast_are_refused_in_their_turn() -> None:
    router = trades()
    app = App(router, max_command_burst=5, max_commands_per_s=1)
    async with connect(app.asgi) as client:
        await client.subscribe("trades", AAPL)
        answers = await commands(client, 7)
        assert [answer["id"] for answer in answers] == list(range(7))
        codes = [answer["payload"]["code"] for answer in answers]
        assert codes == ["not_subscribed"] * 4 + ["rate_limited"] * 3
        app.clock.advance(2)
        codes = [answer["payload"]["code"] for answer in await commands(client, 3)]
        assert codes == ["not_subscribed"] * 2 + ["rate_limited"]
        router.publish(AAPL_TOPIC, Trade(price=1))
        assert await client.receive() == update(AAPL_TOPIC, 1, 1.0)
        assert app.adapter.metrics.routes["trades"].refusals["rate_limited"] == 4


@pytest.mark.parametrize("message", ['{"type":"nonsense"}', "{", '{"type":"trades.unsubscribe"}'])
async def test_a_flood_is_the_end_of_its_sender_alone(message: str) -> None:
    app = App(trades(), max_command_burst=5, max_commands_per_s=1)
    async with connect(app.asgi) as neighbour, connect(app.asgi) as flooding:
        for _ in range(11):
            await flooding.send(message)
        assert (await flooding.wait_closed()).code == RATE_LIMITED
        assert (await neighbour.subscribe("trades", AAPL))["status"] == "ok"


async def test_pings_are_no_commands() -> None:
    app = App(trades(), max_command_burst=1, max_commands_per_s=1)
    async with connect(app.asgi) as client:
        for _ in range(50):
            assert (await client.request("ping"))["type"] == "pong"
        assert (await client.subscribe("trades", AAPL))["status"] == "ok"


async def test_by_default_a_page_with_all_its_topics_is_far_from_the_limit() -> None:
    app = App(trades())
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(connect(app.asgi)) for _ in range(3)]
        for client in clients:
            for _ in range(3):
                for number in range(app.adapter.settings.max_topics):
                    request = {"symbol": str(number)}
                    assert (await client.subscribe("trades", request))["status"] == "ok"
        assert app.adapter.metrics.subscriptions == 3 * 128
