"""What every test of the framework has around it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

from topicwire.testing.conformance import conforming

# What `make test-long` does more of. A test marked `long` takes it by name; each failure prints
# the seed and the example that repeat it.
settings.register_profile("long", max_examples=10_000, deadline=None, print_blob=True)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def every_message_is_documented() -> Iterator[None]:
    """Every message of every test is exactly one message of its app's AsyncAPI document."""
    with conforming():
        yield
