"""Whatever clients send, no exception escapes, no other connection notices, and nothing is kept.

A failure names its seed: `TOPICWIRE_FUZZ_SEED=7 pytest -k fuzz` repeats it.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from packages.topicwire.tests.asgi import fuzzing
from packages.topicwire.tests.asgi.fuzzing import Used, fuzz

ROOT = Path(__file__).parents[4]
SEED = int(os.environ.get("TOPICWIRE_FUZZ_SEED", "1"))


@pytest.fixture(autouse=True)
def nothing_escapes(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing is logged as an error, by whomever; asyncio's complaints are logged too."""
    with caplog.at_level(logging.ERROR):
        yield
    assert [record.getMessage() for record in caplog.records] == [], f"seed {SEED}"


def apart(rounds: int, size: int, seed: int) -> list[Used]:
    """Run the rounds in a process of their own. Returns what is in use after each."""
    arguments = [str(one) for one in (rounds, size, seed)]
    command = [sys.executable, "-m", fuzzing.__name__, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), f"seed {seed}:\n{done.stderr}"
    return [Used(**one) for one in json.loads(done.stdout)]


def nothing_is_kept(before: Used, after: Used) -> None:
    grown = {name: size - before.files.get(name, 0) for name, size in after.files.items()}
    most = sorted(grown.items(), key=lambda one: -one[1])[:5]
    assert after.objects - before.objects < 300 + after.compared
    assert after.size - before.size < 50_000, most
    assert after.cached < 4_000_000


async def test_malformed_messages_disturb_nobody() -> None:
    """pitfall 15: each message that is sent meanwhile is in the document, too"""
    await fuzz(rounds=2, size=750, seed=SEED)


def test_malformed_messages_leave_nothing_in_memory() -> None:
    used = apart(rounds=4, size=500, seed=SEED + 100)
    nothing_is_kept(used[1], used[-1])


@pytest.mark.long
def test_100_000_malformed_messages() -> None:
    used = apart(rounds=20, size=5_000, seed=SEED + 1_000)
    print(f"seed {SEED}; after each 5,000 messages: {[one[:4] for one in used]}")  # noqa: T201
    nothing_is_kept(used[3], used[-1])
