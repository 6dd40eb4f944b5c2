"""What every test of the framework has around it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from topicwire.testing.conformance import conforming


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def every_message_is_documented() -> Iterator[None]:
    """Every message of every test is exactly one message of its app's AsyncAPI document."""
    with conforming():
        yield
