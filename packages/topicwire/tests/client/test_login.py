"""Who the client is: what becomes of a token, whatever it is and whenever it is given."""

from __future__ import annotations

import asyncio
from base64 import urlsafe_b64decode
from typing import Any

import pytest
from packages.topicwire.tests.client.fakes import URL, Bench
from packages.topicwire.tests.client.taken import Taken, subscribed

from topicwire import DeclarationError
from topicwire.client import Client, NoSocketError, RefusedError


def offered(bench: Bench) -> str:
    """Return the token that the last handshake offered."""
    encoded = bench.socket.subprotocols[1].removeprefix("topicwire.bearer.")
    return urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()


async def test_a_token_that_the_server_refuses_is_not_that_of_the_connections_to_come() -> None:
    bench = Bench(token="good")
    async with bench.client:
        await subscribed(bench, Taken())
        asking = asyncio.ensure_future(bench.client.authenticate("bad"))
        await asyncio.sleep(0)
        refusal = {"status": "error", "code": "forbidden", "message": "Of another subject"}
        bench.socket.answer("auth", refusal)
        with pytest.raises(RefusedError):
            await asking
        bench.socket.lose()
        bench.reconnect()
        assert offered(bench) == "good"


async def test_a_token_that_is_given_during_an_attempt_is_the_one_that_it_is_made_with() -> None:
    bench = Bench(token="old")
    async with bench.client:
        first = bench.socket
        await bench.client.authenticate("new")
        assert first.close_code == 1000
        first.events.opened("topicwire.v1+json")
        assert bench.client.status == "connecting"
        bench.socket.open()
        assert (bench.client.status, offered(bench)) == ("open", "new")


@pytest.mark.parametrize("token", [b"bytes", "\ud800"])
async def test_a_token_that_cannot_be_sent_is_told(token: Any) -> None:
    bench = Bench(token=lambda: token)
    async with bench.client:
        await asyncio.sleep(0)
        assert bench.errors == ["connection_failed"]
        assert bench.clock.alarms == 0


@pytest.mark.parametrize("token", [b"bytes", 5])
async def test_a_token_of_another_type_is_refused_without_its_value(token: Any) -> None:
    with pytest.raises(DeclarationError, match=f"token is {type(token).__name__}: .* function"):
        Bench(token=token)
    bench = Bench()
    async with bench.client:
        with pytest.raises(DeclarationError, match="is to be a string"):
            await bench.client.authenticate(token)


async def test_a_connector_that_raises_is_told_to_who_asks() -> None:
    def connector(url: str, subprotocols: Any, events: Any) -> Any:
        del url, subprotocols, events
        raise ValueError("no such network")

    errors: list[str] = []
    client = Client(URL, connector=connector)
    client.on_error(lambda error: errors.append(error.message))
    async with client:
        assert client.status == "closed"
        with pytest.raises(NoSocketError, match="no such network"):
            await client.route("trades", dict, dict).call("quote", None, dict)
    assert errors == [f"No socket to {URL}: ValueError: no such network"] * 2


async def test_a_token_function_may_close_the_client() -> None:
    bench: Bench

    async def token() -> str:
        await bench.client.aclose()
        return "too late"

    bench = Bench(token=token)
    async with bench.client:
        await asyncio.sleep(0)
    assert (bench.client.status, bench.sockets) == ("closed", [])
