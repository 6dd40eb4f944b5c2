"""A listener that notes what it is told, and its subscription."""

from __future__ import annotations

import asyncio
from typing import Any

from packages.topicwire.tests.client.fakes import Bench, Trade, TradesRequest

from topicwire.client import (
    Gap,
    Subscription,
    UpdateInfo,
)


class Taken:
    """A listener that notes what it is told."""

    def __init__(self) -> None:
        self.updates: list[tuple[float, int]] = []
        self.infos: list[UpdateInfo] = []
        self.errors: list[str] = []
        self.gaps: list[Gap] = []
        self.stale: list[tuple[str, bool]] = []

    def take(self, trade: Trade, info: UpdateInfo) -> None:
        self.updates.append((trade.price, info.seq))
        self.infos.append(info)

    @property
    def callbacks(self) -> dict[str, Any]:
        return {
            "on_error": lambda error: self.errors.append(error.code),
            "on_gap": self.gaps.append,
            "on_stale": lambda topic, is_stale: self.stale.append((topic, is_stale)),
        }


async def subscribed(bench: Bench, taken: Taken, **more: Any) -> Subscription:
    """Subscribe, and let the server accept."""
    request = TradesRequest()
    asking = asyncio.ensure_future(bench.trades.subscribe(request, taken.take, **taken.callbacks))
    await asyncio.sleep(0)
    if bench.client.status == "connecting":
        bench.socket.open()
    bench.socket.accept(**more)
    return await asking
