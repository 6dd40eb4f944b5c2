"""What a watcher makes of changes that come at an awkward moment."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import pytest
from packages.topicwire.tests.codegen.sample import WS_PATH, Sample

from topicwire.codegen.watch.report import Generated
from topicwire.codegen.watch.session import Session
from topicwire.codegen.watch.sources import snapshot

FIRST, SECOND = "src/acme/first.py", "src/acme/second.py"
LOOK = "topicwire.codegen.watch.session.snapshot"
PATIENCE_S = 120.0
"""A guard against hanging, not a measure."""


async def test_what_git_begins_while_the_files_are_looked_at_is_one_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lock was not there when it was looked for, and a part of its files is when they are."""
    app = Sample(tmp_path / "app")
    app.populate()
    (app.root / ".git").mkdir()
    lock = app.root / ".git/index.lock"
    told: asyncio.Queue[Any] = asyncio.Queue()
    has_begun = asyncio.Event()
    loop = asyncio.get_running_loop()

    def git_begins_first(*arguments: Any) -> Any:
        monkeypatch.setattr(LOOK, snapshot)
        lock.touch()
        app.write(FIRST, "value = 1\n")
        seen = snapshot(*arguments)
        loop.call_soon_threadsafe(has_begun.set)
        return seen

    async def next_generated() -> Generated:
        while not isinstance(event := await told.get(), Generated):
            pass
        return event

    following = asyncio.create_task(Session(app.root, told.put_nowait).run())
    try:
        async with asyncio.timeout(PATIENCE_S):
            assert (await next_generated()).changed == []
            monkeypatch.setattr(LOOK, git_begins_first)
            app.write(WS_PATH, app.read(WS_PATH) + "\n# a word\n")
            await has_begun.wait()
            app.write(SECOND, "value = 2\n")
            lock.unlink()
            changed = (await next_generated()).changed
    finally:
        following.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await following
    assert {str(path.relative_to(app.root)) for path in map(app.root.joinpath, changed)} == {
        WS_PATH,
        FIRST,
        SECOND,
    }
