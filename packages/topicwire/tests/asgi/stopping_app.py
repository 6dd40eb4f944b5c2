"""An application that is served by a process of its own, to be stopped: see `stopping.py`."""

from __future__ import annotations

import asyncio
import os
import signal

from packages.topicwire.tests.trading import AAPL_TOPIC, Trade, trades
from pydantic import BaseModel
from starlette.applications import Starlette

from topicwire import FastWSAdapter, Settings

LONG_S = 10_000.0


class Burst(BaseModel):
    updates: int
    signal: int


router = trades()


@router.send("burst")
async def burst(payload: Burst) -> None:
    """Publish at once, and be told to stop before any of it has been sent."""
    for price in range(1, payload.updates + 1):
        router.publish(AAPL_TOPIC, Trade(price=price))
    os.kill(os.getpid(), payload.signal)


@router.send("forever")
async def forever() -> None:
    """Be under way for as long as the process lives, while it is told to stop."""
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.Event().wait()


ws = FastWSAdapter(
    title="Stopping",
    version="1",
    settings=Settings(command_timeout_s=LONG_S, drain_timeout_s=LONG_S),
)
ws.include_router(router)
app = Starlette()
ws.setup(app)

plain = Starlette()
"""What a server without any of this does."""
