"""An `authorize` that a test drives, and what a client hears of it."""

from __future__ import annotations

import asyncio
from typing import Any

from topicwire import Principal, Rejected
from topicwire.testing import InProcessClient


class Rights:
    """An `authorize` that a test drives: who may not have which topic."""

    def __init__(self) -> None:
        self.denied: set[tuple[str, str]] = set()
        self.asked: list[tuple[str, Any, str]] = []
        self.gate: asyncio.Event | None = None
        self.is_asked = asyncio.Event()
        self.error: BaseException | None = None

    async def __call__(self, principal: Principal, request: Any, topic: str) -> None:
        self.asked.append((principal.subject, request, topic))
        self.is_asked.set()
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error
        if (principal.subject, topic) in self.denied:
            raise Rejected("Not yours")


def closed(topic: str, *, code: str = "forbidden", message: str = "Not yours") -> dict[str, Any]:
    payload = {"topic": topic, "code": code, "message": message, "retry": False}
    return {"type": "trades.closed", "payload": payload}


async def renewed(client: InProcessClient, token: str) -> dict[str, Any]:
    payload: dict[str, Any] = (await client.request("auth", {"token": token}))["payload"]
    return payload
