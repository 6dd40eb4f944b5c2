"""The hub is tested over both kinds of socket: what it promises does not depend on the server's.

A module without a socket has a `direct` of its own, and runs once.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from packages.topicwire.tests.hub.sockets import Writes, direct_sockets


@pytest.fixture(autouse=True, params=["one by one", "by waves"])
def direct(request: pytest.FixtureRequest) -> Iterator[Writes | None]:
    """Whether the server of connections in this process gives its sockets; None where not."""
    if request.param == "by waves":
        with direct_sockets() as writes:
            yield writes
    else:
        yield None
