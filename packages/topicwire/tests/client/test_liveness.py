"""A connection of which nothing is heard is given up."""

from __future__ import annotations

from packages.topicwire.tests.client.fakes import Bench

from topicwire.close_codes import NO_SIGN_OF_LIFE


async def test_a_connection_that_opened_and_was_never_heard_of_is_given_up() -> None:
    bench = Bench()
    async with bench.client:
        first = bench.socket
        first.events.opened("topicwire.v1+json")
        bench.clock.advance(34.75)
        assert bench.client.status == "open"
        bench.clock.advance(0.25)
        assert (first.close_code, bench.client.status) == (NO_SIGN_OF_LIFE, "reconnecting")


async def test_nothing_is_expected_of_a_server_that_does_not_speak_the_subprotocol() -> None:
    bench = Bench()
    async with bench.client:
        bench.socket.events.opened(None)
        bench.clock.advance(3_600)
        assert bench.client.status == "open"


async def test_nothing_is_expected_of_a_server_that_promises_nothing() -> None:
    bench = Bench()
    async with bench.client:
        bench.socket.open(heartbeat_s=0)
        bench.clock.advance(3_600)
        assert bench.client.status == "open"
