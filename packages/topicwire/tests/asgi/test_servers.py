"""Any ASGI server will do: the same on each, in a process of its own, by the standard's events."""

from __future__ import annotations

import asyncio
import json
import signal
import socket as sockets
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from packages.topicwire.tests.asgi.servers import KINDS, Served, served
from packages.topicwire.tests.serving import OURS, receive
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from topicwire.close_codes import GOING_AWAY, SLOW_CONSUMER, UNAUTHENTICATED
from topicwire.wire.frames import PACKED_SUBPROTOCOL, SUBPROTOCOL, json_bytes
from topicwire.wire.packed import messages_of, packed

PACKED = [Subprotocol(PACKED_SUBPROTOCOL), Subprotocol(SUBPROTOCOL)]

PATIENCE_S = 30.0
"""A guard against hanging, not a measure."""
AT_A_TIME = 4
"""Large updates: less than may wait for a client that reads."""
MAX_ROUNDS = 400
KEPT_BYTES = 4_096
"""What the stalled client lets its own kernel take."""


@pytest.fixture(scope="module", params=KINDS)
def server(request: pytest.FixtureRequest) -> Iterator[Served]:
    with served(KINDS[request.param]) as running:
        yield running


def client(
    server: Served, name: str = "ann", *, offered: Sequence[Subprotocol] = OURS, **options: Any
) -> connect:
    headers = {"Authorization": f"Bearer {name}"}
    return connect(
        server.url, subprotocols=offered, additional_headers=headers, compression=None, **options
    )


async def ask(socket: ClientConnection, command: str, payload: Any = None) -> dict[str, Any]:
    """Send, and return the reply's payload; nothing else is to come before it."""
    await socket.send(json.dumps({"type": f"values.{command}", "payload": payload}))
    message = await receive(socket)
    assert message["type"] == f"values.{command}.response", message
    answer: dict[str, Any] = message["payload"]
    return answer


async def say(socket: ClientConnection, command: str, payload: Any = None) -> None:
    await socket.send(json.dumps({"type": f"values.{command}", "payload": payload}))


async def frame(socket: ClientConnection) -> list[dict[str, Any]]:
    """Return the messages of the next frame."""
    async with asyncio.timeout(PATIENCE_S):
        return [json.loads(line) for line in str(await socket.recv()).split("\n")]


async def packed_frame(socket: ClientConnection) -> list[dict[str, Any]]:
    """Return the messages of the next frame, which is a binary one."""
    async with asyncio.timeout(PATIENCE_S):
        data = await socket.recv()
    assert isinstance(data, bytes)
    return messages_of(data)


async def to_the_end(socket: ClientConnection) -> list[dict[str, Any]]:
    """Return what comes until the server closes."""
    found: list[dict[str, Any]] = []
    try:
        while True:
            found += await frame(socket)
    except ConnectionClosed:
        return found


async def messages(socket: ClientConnection, count: int) -> list[dict[str, Any]]:
    """Return the next messages, however many come in a frame."""
    found: list[dict[str, Any]] = []
    while len(found) < count:
        found += await frame(socket)
    assert len(found) == count
    return found


async def numbers(socket: ClientConnection, count: int) -> list[tuple[int, int]]:
    """Return the next updates: each one's position, and its number."""
    return [
        (one["payload"]["seq"], one["payload"]["payload"]["number"])
        for one in await messages(socket, count)
        if one["type"] == "values.update"
    ]


async def until(socket: ClientConnection, holds: Callable[[dict[str, Any]], bool]) -> None:
    """Ask for the counts until they are as they should be."""
    async with asyncio.timeout(PATIENCE_S):
        while not holds(await ask(socket, "counts")):
            pass


async def test_subscribe_update_state_and_unsubscribe(server: Served) -> None:
    async with client(server) as first, client(server) as second:
        for socket in (first, second):
            assert (await receive(socket))["type"] == "hello"
            assert socket.subprotocol == OURS[0]
        wanted = {"name": "life"}
        assert (await ask(first, "subscribe", wanted))["seq"] == 0
        await say(second, "publish", {**wanted, "numbers": list(range(1, 101))})
        assert await numbers(first, 100) == [(number, number) for number in range(1, 101)]
        # who comes later has the state first, and what follows it
        await say(second, "subscribe", wanted)
        reply, state = await messages(second, 2)
        assert reply["payload"]["seq"] == state["payload"]["seq"] == 100
        assert state["payload"]["snapshot"]
        assert state["payload"]["payload"]["number"] == 100
        await say(first, "publish", {**wanted, "numbers": [101]})
        assert await numbers(first, 1) == await numbers(second, 1) == [(101, 101)]
        await ask(second, "unsubscribe", wanted)
        await say(first, "publish", {**wanted, "numbers": [102]})
        assert await numbers(first, 1) == [(102, 102)]
        # nothing has come in between
        assert (await ask(second, "counts"))["subscriptions"] == 1


async def test_messagepack_beside_json(server: Served) -> None:
    async with client(server) as asking, client(server, offered=PACKED) as packing:
        assert (await receive(asking))["type"] == "hello"
        assert packing.subprotocol == PACKED[0]
        assert [one["type"] for one in await packed_frame(packing)] == ["hello"]
        wanted = {"name": "packed"}
        await packing.send(packed(json_bytes({"type": "values.subscribe", "payload": wanted})))
        (reply,) = await packed_frame(packing)
        assert (reply["payload"]["status"], reply["payload"]["seq"]) == ("ok", 0)
        await ask(asking, "subscribe", wanted)
        await say(asking, "publish", {**wanted, "numbers": list(range(1, 51))})
        found: list[dict[str, Any]] = []
        while len(found) < 50:
            found += await packed_frame(packing)
        assert found == await messages(asking, 50)
        assert [one["payload"]["seq"] for one in found] == list(range(1, 51))
        # what cannot be read is answered, and ends nothing
        for wrong, code in ((b"\xc1", "invalid_json"), ('{"type":"ping"}', "invalid_message")):
            await packing.send(wrong)
            (answer,) = await packed_frame(packing)
            assert (answer["type"], answer["payload"]["code"]) == ("error", code)
        await packing.send(packed(json_bytes({"type": "ping", "id": 7})))
        assert await packed_frame(packing) == [{"type": "pong", "id": 7}]


async def test_who_leaves_leaves_nothing_behind(server: Served) -> None:
    async with client(server) as watching:
        await receive(watching)
        before = await ask(watching, "counts")
        async with client(server) as closing, client(server) as lost:
            for socket in (closing, lost):
                await receive(socket)
                await ask(socket, "subscribe", {"name": "left"})
            counts = await ask(watching, "counts")
            assert counts["connections"] == before["connections"] + 2
            assert counts["producers"] == before["producers"] + 1
            lost.transport.abort()
        await until(watching, lambda counts: counts == before)


async def test_a_refused_login_is_told(server: Served) -> None:
    async with client(server, "bad") as socket:
        with pytest.raises(ConnectionClosed):
            await socket.recv()
        assert socket.close_code == UNAUTHENTICATED
    # one that does not speak our subprotocol learns it from the handshake
    with pytest.raises(InvalidStatus) as refused:
        async with connect(server.url, additional_headers={"Authorization": "Bearer bad"}):
            pass
    assert refused.value.response.status_code in {401, 403}


async def test_a_client_that_does_not_read_is_given_up_and_nobody_waits_for_it(
    server: Served,
) -> None:
    """What it has been sent has no hole."""
    name = {"name": "slow"}
    with sockets.socket() as sock:
        sock.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, KEPT_BYTES)
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", server.port))
        async with client(server, sock=sock, max_size=None) as slow, client(server) as healthy:
            for socket in (slow, healthy):
                await receive(socket)
                await ask(socket, "subscribe", name)
            slow.transport.pause_reading()
            before = await ask(healthy, "counts")
            seen, counts = 0, before
            for _ in range(MAX_ROUNDS):
                wanted = list(range(seen + 1, seen + AT_A_TIME + 1))
                await say(healthy, "publish", {**name, "numbers": wanted, "large": True})
                assert await numbers(healthy, AT_A_TIME) == [(one, one) for one in wanted]
                seen += AT_A_TIME
                counts = await ask(healthy, "counts")
                if counts["slow"] > before["slow"]:
                    break
            assert counts["slow"] == before["slow"] + 1
            left = before["subscriptions"] - 1  # it is told slow, and then it goes
            await until(healthy, lambda counts: counts["subscriptions"] == left)
            slow.transport.resume_reading()
            had = [one["payload"] for one in await to_the_end(slow)]
            assert [one["seq"] for one in had] == list(range(1, len(had) + 1))
            assert [one["payload"]["number"] for one in had] == list(range(1, len(had) + 1))
            assert 0 < len(had) < seen
            assert slow.close_code == SLOW_CONSUMER
            await ask(healthy, "unsubscribe", name)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_drain_ends_everyone_in_good_order(kind: str) -> None:
    with served(KINDS[kind]) as server:
        async with client(server) as first, client(server) as second:
            for socket in (first, second):
                await receive(socket)
                await ask(socket, "subscribe", {"name": "end"})
            await say(first, "publish", {"name": "end", "numbers": [1, 2]})
            assert await numbers(second, 2) == [(1, 1), (2, 2)]
            if server.kind.hands_over_signals:
                server.process.send_signal(signal.SIGTERM)
            else:
                await say(second, "drain")
            for socket in (first, second):
                assert (await to_the_end(socket))[-1]["type"] == "closing"
                assert socket.close_code == GOING_AWAY
        if not server.kind.hands_over_signals:
            server.process.send_signal(signal.SIGTERM)
        said = server.end()
        assert "Traceback" not in said, said
