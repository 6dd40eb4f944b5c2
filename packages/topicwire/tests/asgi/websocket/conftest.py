"""Both event loops."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator

import pytest
import uvloop
from packages.topicwire.tests.asgi.raw_socket import PATIENCE_S

Test = Callable[[], Awaitable[None]]


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Iterator[Callable[[Test], None]]:
    """Run a test on either loop."""
    with asyncio.Runner(loop_factory=request.param) as runner:

        async def patiently(test: Test) -> None:
            async with asyncio.timeout(PATIENCE_S):
                await test()

        yield lambda test: runner.run(patiently(test))
