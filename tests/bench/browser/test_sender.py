"""The program that sends a page its prebuilt frames, by an independent client."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from bench.browser.sender import Sender, compiled
from websockets.asyncio.client import connect


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled(tmp_path_factory.mktemp("sender"))


async def test_it_keeps_the_protocol_and_counts_what_it_has_sent(program: Path) -> None:
    sender = await Sender.started(program)
    url = f"ws://127.0.0.1:{sender.port}/"
    for first in (7, 100_000):  # who comes next takes the place of who was there
        async with connect(url, subprotocols=["topicwire.v1+json"], compression=None) as page:  # type: ignore[list-item]  # a NewType of str
            assert page.subprotocol == "topicwire.v1+json"
            assert json.loads(await page.recv())["type"] == "hello"
            topics = [f'quotes:{{"n":{n}}}' for n in range(first, first + 3)]
            for number, topic in enumerate(topics):
                payload = {"n": first + number}
                command = {"type": "quotes.subscribe", "id": number + 1, "payload": payload}
                await page.send(json.dumps(command, separators=(",", ":")))
                assert json.loads(await page.recv()) == {
                    "type": "quotes.subscribe.response",
                    "id": number + 1,
                    "payload": {"status": "ok", "topic": topic, "epoch": "one", "seq": 0},
                }
            assert await sender.ask(f"begin {first} 3 10 20000") == {}
            taken = [str(await page.recv()) for _ in range(20)]
            published = (await sender.ask("stop"))["published"]
            while 10 * len(taken) < published:
                taken.append(str(await page.recv()))
            await page.ping()
        check(taken, topics)
        assert published == 10 * len(taken)


def check(frames: list[str], topics: list[str]) -> None:
    seqs = dict.fromkeys(topics, 0)
    updates: list[dict[str, Any]] = []
    for frame in frames:
        lines = frame.split("\n")
        assert len(lines) == 10
        updates += [json.loads(line) for line in lines]
    for number, update in enumerate(updates):
        topic = topics[number % len(topics)]
        seqs[topic] += 1
        payload = update["payload"]
        assert (update["type"], payload["topic"], payload["seq"]) == (
            "quotes.update",
            topic,
            seqs[topic],
        )
        assert set(payload["payload"]) == {"symbol", "bid", "ask", "size", "at"}


async def test_it_says_that_it_has_ended(program: Path) -> None:
    sender = await Sender.started(program)
    with pytest.raises(RuntimeError, match="the sender has ended with 1"):
        await sender.ask("what")
