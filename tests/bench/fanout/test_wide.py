"""What is measured of many topics, of storms and of conflation, in the small."""

from __future__ import annotations

from typing import Any

import pytest
from bench.fanout import wide
from bench.fanout.native import Programs
from bench.fanout.page import text

from tests.bench.fanout.test_page import RECORD


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"CLIENTS": 6, "TOPICS": 5, "STORMING": 4, "FED": 3, "FEED_S": 0.5}.items():
        monkeypatch.setattr(wide, name, value)


def test_each_is_measured_and_on_the_page(programs: Programs) -> None:
    own: dict[str, Any] = {
        "topics": wide.many_topics(programs, 1, 0.001),
        "storms": wide.storms(programs, 2),
        "conflated": wide.conflated(programs, 1),
    }
    for per_tick in ("1 a tick", "5 a tick"):
        assert own["topics"][per_tick]["ratio"]["value"] > 0
    assert own["storms"]["commands_each"] == 10
    # of 500 updates in half a second, the first at once and then one each tenth of a second
    assert 1 < own["conflated"]["sent_hz"]["value"] < 20
    page = text({**RECORD, "own": own})
    assert "an update to 6 connections with 5 topics each, to that with one topic each" in page
    assert "a subscribe or unsubscribe, 10 in a row by each client" in page
    assert "1,000 updates a second to 3 subscribers, conflated to 10 Hz" in page
