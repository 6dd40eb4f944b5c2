"""What the tests of the application share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from backend.tests.manual_clock import ManualClock
from backend.tests.serving import Served, serving

from trading_api.app_factory import create_app
from trading_api.shared.config import Settings
from trading_api.shared.context import AppContext
from trading_api.shared.market import Market

# A Wednesday afternoon; a quarter past ten in the middle of a minute.
NOW_MS = int(datetime(2026, 3, 4, 15, 10, 15, tzinfo=UTC).timestamp() * 1000)

SETTINGS = Settings(market_seed="test")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW_MS)


@pytest.fixture(scope="session")
def market() -> Market:
    """Shared by all tests: a market has no state that they could disturb."""
    return Market("test", NOW_MS)


@pytest.fixture
def context(clock: ManualClock) -> AppContext:
    return AppContext(SETTINGS, clock)


@pytest.fixture
async def served(clock: ManualClock) -> AsyncIterator[Served]:
    """The application as it is shipped, on a clock that the test moves."""
    async with serving(create_app(settings=SETTINGS, clock=clock), clock) as app:
        yield app
