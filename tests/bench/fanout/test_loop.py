"""The C loop, by an independent client, and by the load generator."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest
from bench.fanout.contestants import BY_NAME
from bench.fanout.generator import Generator
from bench.fanout.native import Programs
from bench.fanout.process import Child, used
from bench.fanout.running import CLIENT_CORE, SERVER_CORE, generating
from bench.fanout.servers.control import MESSAGE_BYTES, Messages
from websockets.sync.client import connect


@pytest.fixture
def loop(programs: Programs) -> Iterator[Child]:
    child = Child.start([str(programs.loop)], core=SERVER_CORE)
    yield child
    child.stop()


def test_what_it_sends_is_what_every_plain_server_sends(loop: Child) -> None:
    with (
        connect(f"ws://127.0.0.1:{loop.ready['port']}/", compression=None) as client,
        socket.create_connection(("127.0.0.1", loop.ready["control"])) as control,
    ):
        assert client.recv() == '{"type":"hello"}'
        client.send('{"type":"quotes.subscribe","payload":{}}')
        assert '"ok"' in str(client.recv())
        control.sendall(b"P 2 123456789\n")
        messages = Messages()
        for _ in range(2):
            received = client.recv()
            assert received == messages.next(123456789)
            assert len(received) == MESSAGE_BYTES
        client.ping().wait()


def test_the_generator_and_the_loop_agree(programs: Programs, loop: Child) -> None:
    assert CLIENT_CORE >= SERVER_CORE
    with generating(BY_NAME["c"].dialect, loop, programs) as generator:
        assert isinstance(generator, Generator)
        generator.connect(40)
        before = used(loop.pid)
        for ticks, per_tick in ((50, 1), (20, 10)):
            seen = generator.burst(ticks, per_tick)
            assert seen["messages"] == 40 * ticks * per_tick
            assert seen["bytes"] == seen["messages"] * (MESSAGE_BYTES + 4)
        assert used(loop.pid).since(before).cpu_ns > 0


def test_our_update_has_the_size_of_the_others() -> None:
    assert {len(Messages().next(at)) for at in (1, 10**9, 10**15)} == {MESSAGE_BYTES}
    assert json.loads(Messages().next(5))["payload"]["payload"]["at"] == 5
