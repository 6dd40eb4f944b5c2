"""Traps that a naive test misses, against the real server."""

from __future__ import annotations

import asyncio
from typing import Any

from packages.topicwire.tests.serving import ask, receive, serving, settled
from packages.topicwire.tests.trading import App, TradesRequest
from pydantic import BaseModel
from websockets.asyncio.client import ClientConnection, connect

from topicwire import WsRouter, by_symbol

STORMS = 12
AT_ONCE = 8


class Canary(BaseModel):
    """Every byte of the text is the letter of the topic that it was published on."""

    letter: str
    text: str


def canaries() -> WsRouter[TradesRequest, Canary]:
    return WsRouter[TradesRequest, Canary](
        route="canaries", topic_builder=by_symbol("symbols"), linger_s=0
    )


def topic_of(letter: str) -> str:
    return f'canaries:{{"symbol":"{letter}"}}'


def sing(router: WsRouter[TradesRequest, Canary], letter: str) -> None:
    router.publish(topic_of(letter), Canary(letter=letter, text=letter * 2_000))


def is_own(message: dict[str, Any], letter: str) -> bool:
    payload: dict[str, Any] = message["payload"]
    own = {"letter": letter, "text": letter * 2_000}
    return bool(payload["topic"] == topic_of(letter) and payload["payload"] == own)


async def open_one(url: str, letter: str) -> ClientConnection:
    socket = await connect(url, compression=None)
    reply = await ask(socket, "canaries.subscribe", {"symbols": [letter]})
    assert (reply["status"], reply["topic"]) == ("ok", topic_of(letter))
    return socket


async def test_a_reused_file_descriptor_carries_only_the_bytes_of_its_new_connection() -> None:
    """trap: a storm of file-descriptor reuse with a canary in every byte"""
    router = canaries()
    app = App(router)
    letters = [chr(ord("a") + number) for number in range(AT_ONCE)]
    descriptors: list[int] = []
    async with serving(app.asgi) as url:
        for storm in range(STORMS):
            # each time another letter gets the descriptor that a third one has just left
            turned = letters[storm % AT_ONCE :] + letters[: storm % AT_ONCE]
            sockets = dict(
                zip(
                    turned,
                    await asyncio.gather(*(open_one(url, letter) for letter in turned)),
                    strict=True,
                )
            )
            descriptors += [
                one.transport.get_extra_info("socket").fileno() for one in sockets.values()
            ]
            for number, (letter, socket) in enumerate(sockets.items()):
                sing(router, letter)
                if number % 2:  # it is gone while the bytes of its update are still under way
                    socket.transport.abort()
                    sing(router, letter)
            for number, (letter, socket) in enumerate(sockets.items()):
                if not number % 2:
                    assert is_own(await receive(socket), letter)
                    assert await settled(socket) == []
                    await socket.close()
    assert app.adapter.metrics.connections == 0
    assert len(set(descriptors)) < len(descriptors) / 2, "descriptors were reused"
