"""Connecting, losing, connecting again: times are the test's."""

from __future__ import annotations

import asyncio
from base64 import urlsafe_b64decode
from typing import Any

import pytest
from packages.topicwire.tests.client.fakes import Bench, Trade, TradesRequest

from topicwire.client import Backoff, Client, ClientClosedError, RefusedError, ServerRefusesError
from topicwire.errors import DeclarationError

SLOW_CONSUMER = 4008
WHO = "a.b-c_d~"


def delays(bench: Bench, *, losses: int, code: int = 1006, lasting_s: float = 0.0) -> list[float]:
    """Lose so many connections, and return how long the client waited after each."""
    waited = []
    for _ in range(losses):
        bench.clock.advance(lasting_s)
        bench.socket.lose(code)
        lost_at_s, before = bench.clock.now_s(), len(bench.sockets)
        while len(bench.sockets) == before:
            bench.clock.advance(0.25)
        waited.append(bench.clock.now_s() - lost_at_s)
        bench.socket.open()
    return waited


async def test_delays_double_up_to_a_ceiling_with_full_jitter() -> None:
    """pitfall 22, pitfall 25"""
    bench = Bench(backoff=Backoff(base_s=0.5, max_s=4))
    async with bench.client:
        bench.socket.open()
        assert delays(bench, losses=5) == [0.5, 1, 2, 4, 4]
    half = Bench(backoff=Backoff(base_s=1, max_s=4), random=lambda: 0.5)
    async with half.client:
        half.socket.open()
        assert delays(half, losses=3) == [0.5, 1, 2]


async def test_thirty_seconds_without_a_loss_end_the_doubling() -> None:
    bench = Bench()
    async with bench.client:
        bench.socket.open()
        assert delays(bench, losses=3) == [0.5, 1, 2]
        assert delays(bench, losses=1, lasting_s=29) == [4]
        assert delays(bench, losses=1, lasting_s=30) == [0.5]


async def test_statuses_are_told() -> None:
    bench = Bench()
    assert bench.client.status == "idle"
    async with bench.client:
        bench.socket.open()
        bench.socket.lose()
        bench.reconnect()
    assert bench.statuses == ["connecting", "open", "reconnecting", "open", "closed"]


async def test_a_callback_of_the_client_may_end_and_may_throw(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bench = Bench()
    heard: list[str] = []

    def throw(status: str) -> None:
        raise ValueError(status)

    bench.client.on_status(throw)
    end = bench.client.on_status(heard.append)
    async with bench.client:
        end()
        bench.socket.open()
    assert heard == ["connecting"]
    assert bench.statuses == ["connecting", "open", "closed"]
    assert "on_status of ws://test/api/v1/ws raised" in caplog.text


async def test_an_attempt_that_takes_too_long_is_given_up() -> None:
    bench = Bench(timeout_s=3.0)
    async with bench.client:
        bench.clock.advance(3)
        assert bench.socket.close_code == 1000
        bench.reconnect()
        assert bench.client.status == "open"


async def test_an_abandoned_socket_is_not_heard() -> None:
    bench = Bench(timeout_s=3.0)
    async with bench.client:
        first = bench.socket
        bench.clock.advance(3)
        first.open()
        first.lose(4001)
        assert bench.client.status == "reconnecting"


async def test_a_ping_is_answered() -> None:
    bench = Bench()
    async with bench.client:
        bench.socket.open()
        bench.socket.say({"type": "ping"}, {"type": "pong"})
        assert bench.socket.sent == [{"type": "pong"}]


async def test_the_watchdog_gives_up_a_server_that_is_silent_for_longer_than_it_promised() -> None:
    """pitfall 25"""
    bench = Bench()
    async with bench.client:
        bench.socket.open(heartbeat_s=25)
        bench.clock.advance(34)
        bench.socket.say({"type": "ping"})
        bench.clock.advance(34)
        before: str = bench.client.status
        assert before == "open"
        bench.clock.advance(1)
        assert bench.socket.close_code == 4010
        assert bench.client.status == "reconnecting"


async def test_a_server_that_promises_nothing_is_not_watched() -> None:
    bench = Bench()
    async with bench.client:
        bench.socket.open(heartbeat_s=0)
        bench.clock.advance(10_000)
        assert bench.client.status == "open"


async def test_a_closing_server_says_when_to_come_back() -> None:
    bench = Bench(random=lambda: 0.5)
    async with bench.client:
        bench.socket.open()
        closing = {"reason": "shutdown", "retry_after_ms": 3_000}
        bench.socket.say({"type": "closing", "payload": closing})
        stream = bench.trades.stream(TradesRequest())
        assert bench.socket.sent == [], "the next connection takes it"
        assert delays(bench, losses=1, code=1001) == [3.25]
        bench.socket.accept()
        bench.socket.update(1)
        assert (await anext(stream)).price == 1
        assert delays(bench, losses=1) == [0.5], "it was said of one time only"


async def test_a_client_that_can_never_keep_up_is_told_and_waits_longer_each_time() -> None:
    """trap: a client that can never keep up (no endless reconnect loop)"""
    bench = Bench(random=lambda: 0.0, backoff=Backoff(base_s=1, max_s=64))
    async with bench.client:
        bench.socket.open()
        assert delays(bench, losses=2, code=SLOW_CONSUMER) == [0.25, 0.25]
        assert bench.errors == []
        assert delays(bench, losses=5, code=SLOW_CONSUMER) == [8, 16, 32, 64, 64]
        assert bench.errors == ["slow_consumer"] * 5
        assert delays(bench, losses=1, code=SLOW_CONSUMER, lasting_s=61) == [0.25]


@pytest.mark.parametrize(("close_code", "code"), [(4001, "unauthenticated"), (4003, "forbidden")])
async def test_a_server_that_refuses_this_client_is_not_asked_again(
    close_code: int, code: str
) -> None:
    bench = Bench(token=WHO)
    async with bench.client:
        asking = asyncio.ensure_future(bench.trades.subscribe(TradesRequest(), lambda *_: None))
        await asyncio.sleep(0)
        bench.socket.open()
        bench.socket.lose(close_code, "the token is of yesterday")
        with pytest.raises(ServerRefusesError, match="the token is of yesterday") as refused:
            await asking
        assert refused.value.code == code
        assert WHO not in str(refused.value)
        assert bench.client.status == "closed"
        bench.clock.advance(1_000)
        assert len(bench.sockets) == 1
        again = bench.trades.stream(TradesRequest())
        bench.socket.open()
        bench.socket.accept()
        assert len(bench.sockets) == 2, "but for who asks anew"
        await again.aclose()


async def test_the_token_is_offered_as_a_subprotocol_and_not_in_the_url() -> None:
    """pitfall 25"""
    bench = Bench(token=WHO)
    async with bench.client:
        ours, bearer = bench.socket.subprotocols
    assert ours == "topicwire.v1+json"
    encoded = bearer.removeprefix("topicwire.bearer.")
    assert urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode() == WHO
    assert "=" not in encoded
    assert bench.socket.url == "ws://test/api/v1/ws"


class Tokens:
    """A function that gets tokens, each of them new."""

    def __init__(self) -> None:
        self.count = 0
        self.error: Exception | None = None

    async def __call__(self) -> str:
        if self.error is not None:
            raise self.error
        self.count += 1
        return f"token {self.count}"


async def turn() -> None:
    """Let the token function, which is a task, come to its end."""
    for _ in range(3):
        await asyncio.sleep(0)


async def test_a_function_gives_each_connection_its_own_token() -> None:
    tokens = Tokens()
    bench = Bench(token=tokens)
    async with bench.client:
        await turn()
        bench.socket.open()
        bench.socket.lose()
        bench.clock.advance(1)
        await turn()
        assert len(bench.sockets) == 2
        assert bench.sockets[0].subprotocols != bench.sockets[1].subprotocols


async def test_after_a_refusal_a_fresh_token_is_tried_once() -> None:
    tokens = Tokens()
    bench = Bench(token=tokens)
    async with bench.client:
        await turn()
        bench.socket.open()
        bench.socket.lose(4001)
        bench.clock.advance(1)
        await turn()
        assert tokens.count == 2
        bench.socket.lose(4001)
        assert bench.client.status == "closed"


async def test_a_token_function_that_raises_is_asked_again_later() -> None:
    tokens = Tokens()
    tokens.error = OSError("no route to the identity provider")
    bench = Bench(token=tokens)
    async with bench.client:
        await turn()
        assert bench.errors == ["connection_failed"]
        assert bench.sockets == []
        tokens.error = None
        bench.clock.advance(1)
        await turn()
        bench.socket.open()
        assert bench.client.status == "open"


async def test_a_client_that_is_left_waits_for_no_token() -> None:
    async def never() -> str:
        await asyncio.Event().wait()
        return ""

    bench = Bench(token=never)
    async with bench.client:
        await turn()
    assert bench.errors == []
    assert bench.clock.alarms == 0


async def test_a_token_that_expires_is_renewed_on_the_same_connection() -> None:
    tokens = Tokens()
    bench = Bench(token=tokens)
    expired = {"type": "error", "payload": {"code": "token_expired", "message": "It expires"}}
    async with bench.client:
        await turn()
        bench.socket.open()
        bench.socket.say(expired)
        await turn()
        assert bench.socket.last("auth")["payload"] == {"token": "token 2"}
        bench.socket.answer("auth", {"status": "ok", "expires_in_s": 300})
        await turn()
        tokens.error = OSError("no route")
        bench.socket.say(expired)
        await turn()
    assert len(bench.sockets) == 1
    assert bench.errors == ["connection_failed"]


async def test_a_token_of_the_applications_is_given_in_band() -> None:
    bench = Bench(token=WHO)
    expired = {"type": "error", "payload": {"code": "token_expired", "message": "It expires"}}
    async with bench.client:
        bench.socket.open()
        bench.socket.say(expired)
        assert bench.errors == ["token_expired"]
        giving = asyncio.ensure_future(bench.client.authenticate("new"))
        await asyncio.sleep(0)
        assert bench.socket.last("auth")["payload"] == {"token": "new"}
        bench.socket.answer("auth", {"status": "ok"})
        await giving
        giving = asyncio.ensure_future(bench.client.authenticate("newer"))
        await asyncio.sleep(0)
        refused = {"status": "error", "code": "unauthenticated", "message": "Unknown key"}
        bench.socket.answer("auth", refused)
        with pytest.raises(RefusedError, match="auth: Unknown key"):
            await giving


async def test_a_message_that_is_too_large_is_at_fault_and_not_sent_again() -> None:
    bench = Bench()
    async with bench.client:
        bench.socket.open()
        large = asyncio.ensure_future(bench.trades.call("quote", "x" * 100_000, Trade))
        stream = bench.trades.stream(TradesRequest())
        await asyncio.sleep(0)
        bench.socket.lose(1009)
        with pytest.raises(RefusedError, match="a message of 10") as refused:
            await large
        assert refused.value.code == "too_large"
        assert [one["type"] for one in bench.reconnect().sent] == ["trades.subscribe"]
        await stream.aclose()


async def test_what_is_no_message_is_reported_and_dropped() -> None:
    bench = Bench()
    async with bench.client:
        bench.socket.open()
        stream = bench.trades.stream(TradesRequest())
        bench.socket.accept()
        bench.socket.events.received(b"binary")
        bench.socket.events.received("{")
        bench.socket.events.received("[]")
        bench.socket.say({"type": "unknown"}, {"type": "trades.unknown", "payload": {}})
        bench.socket.update(1)
        assert (await anext(stream)).price == 1
    assert bench.errors == ["invalid_message", "invalid_json", "invalid_message"]


async def test_errors_that_nobody_takes_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench()
    client = Client("ws://test/ws", connector=bench._connect, clock=bench.clock)
    async with client:
        bench.socket.open()
        error = {"code": "rate_limited", "message": "Too many"}
        bench.socket.say({"type": "error", "payload": error})
    assert [one.getMessage() for one in caplog.records] == ["error: Too many"]


async def test_a_refused_subscription_that_may_pass_is_asked_again_later() -> None:
    bench = Bench()
    async with bench.client:
        bench.socket.open()
        stream = bench.trades.stream(TradesRequest())
        bench.socket.accept()
        bench.socket.lose()
        socket = bench.reconnect()
        socket.refuse("rate_limited")
        bench.clock.advance(0.5)
        socket.accept(seq=0, recovered=True)
        socket.update(1)
        assert (await anext(stream)).price == 1


@pytest.mark.parametrize("url", ["test", "ftp://test", "ws://", "/api/v1/ws"])
def test_an_address_that_is_none_is_refused_at_once(url: str) -> None:
    with pytest.raises(DeclarationError, match="is no address of a WebSocket"):
        Client(url)


async def test_an_address_of_http_is_one_of_a_websocket() -> None:
    sockets: list[str] = []

    def connector(url: str, subprotocols: Any, events: Any) -> Any:
        del subprotocols, events
        sockets.append(url)
        raise RuntimeError("it is not to be opened")

    async with Client("https://test/ws?x=1", connector=connector):
        pass
    assert sockets == ["wss://test/ws?x=1"]


async def test_a_client_may_be_entered_again() -> None:
    bench = Bench()
    async with bench.client:
        bench.socket.open()
    with pytest.raises(ClientClosedError):
        await bench.trades.call("quote", None, Trade)
    async with bench.client:
        bench.socket.open()
        assert bench.client.status == "open"
    await bench.client.aclose()
    assert bench.clock.alarms == 0
