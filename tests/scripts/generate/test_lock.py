"""One generation at a time."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from scripts.generate import lock
from scripts.repository import ROOT


@pytest.fixture(autouse=True)
def own_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "LOCK", tmp_path / "tools/generate.lock")


async def test_a_task_waits_for_it_without_holding_up_the_others() -> None:
    order: list[str] = []

    async def second() -> None:
        async with lock.held_async():
            order.append("second")

    with lock.held():
        waiting = asyncio.create_task(second())
        await asyncio.sleep(0)
        assert order == []
        order.append("first")
    await waiting
    assert order == ["first", "second"]


async def test_a_task_that_waits_can_be_cancelled() -> None:
    async def second() -> None:
        async with lock.held_async():
            pytest.fail("it is held by another")

    with lock.held():
        waiting = asyncio.create_task(second())
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting


def test_a_thread_waits_for_it() -> None:
    order: list[str] = []
    tries = threading.Event()

    def second() -> None:
        tries.set()
        with lock.held():
            order.append("second")

    waiting = threading.Thread(target=second)
    with lock.held():
        waiting.start()
        tries.wait()
        order.append("first")
    waiting.join()
    assert order == ["first", "second"]


def test_a_command_holds_it_until_it_ends(tmp_path: Path) -> None:
    """`make generate-ws-routers` becomes the script: the lock is the script's, to its end."""
    path = tmp_path / "tools/generate.lock"
    program = (
        "import sys; from pathlib import Path; from scripts.generate import lock\n"
        f"lock.LOCK = Path({str(path)!r})\n"
        "lock.main()"
    )
    command = [sys.executable, "-c", program, "sh", "-c", "echo holds; read -r line"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "holds\n"
        order: list[str] = []

        def second() -> None:
            with lock.held():
                order.append("second")

        waiting = threading.Thread(target=second)
        waiting.start()
        order.append("first")
        process.communicate("\n")
        waiting.join()
    assert order == ["first", "second"]
