"""`topicwire generate --watch`: in the terminal, or for a machine that reads lines of JSON."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from topicwire.cli.apps import named
from topicwire.cli.console import WRONG_INPUT, fail, refusals, say, shown_here, styled

if TYPE_CHECKING:
    from topicwire.codegen.config import AppConfig
    from topicwire.codegen.watch.report import Event

_LISTED = 3  # files that are named; more are counted
_STAYS = "Nothing was written: what was generated last stays. The next save tries again."


def watch(project: Path, *, openapi: Path | None, as_json: bool, app: str | None) -> None:
    """Generate whatever a change makes due, until Ctrl-C.

    Raises:
        SystemExit: 128 and the signal's number, as of a process that a signal ended.
    """
    try:
        import watchfiles  # noqa: F401, PLC0415 - start-up time
    except ImportError:
        fail("watchfiles is not installed: pip install 'topicwire[codegen]'.", WRONG_INPUT)
    from topicwire.codegen.config import app_names  # noqa: PLC0415 - start-up time
    from topicwire.codegen.watch.fleet import Fleet  # noqa: PLC0415
    from topicwire.codegen.watch.session import Session  # noqa: PLC0415

    with refusals("", project):
        names = app_names(project) if app is None else ()
        if openapi and names:
            fail(
                "--openapi is of one application, and there are several here: "
                f"{', '.join(names)}. Say which: --app {names[0]}.",
                WRONG_INPUT,
            )
        tell = _say_json if as_json else _say
        goes_to = openapi.resolve() if openapi else None
        watcher: Fleet | Session = Fleet(project.resolve(), tell, goes_to)
        if app is not None:
            watcher = Session(project.resolve(), tell, goes_to, app)
        try:
            number = asyncio.run(_until_signalled(watcher.run()))
        except KeyboardInterrupt:
            number = signal.SIGINT
        raise SystemExit(128 + number)


async def _until_signalled(running: object) -> int:
    """Run until SIGINT, SIGTERM or SIGHUP; return which. What it raises before that is raised."""
    assert asyncio.iscoroutine(running)  # noqa: S101 - for the types
    task = asyncio.ensure_future(running)
    loop = asyncio.get_running_loop()
    received: list[int] = []

    def stop(number: int) -> None:
        received.append(number)
        task.cancel()

    if sys.platform != "win32":  # there Ctrl-C is the exception that `watch` expects
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, stop, number)
    with contextlib.suppress(asyncio.CancelledError):
        await task
    return received[0]


def _say(event: Event) -> None:
    name = event.config.name
    say(f"[{name}] {_text(event)}" if name else _text(event))


def _text(event: Event) -> str:
    from topicwire.codegen.watch.report import (  # noqa: PLC0415 - start-up time
        Failed,
        Left,
        Waiting,
        Watching,
    )

    if isinstance(event, Left):
        return "no more in pyproject.toml: not watched; what was generated for it stays"
    if isinstance(event, Watching):
        where = shown_here(event.config.root, event.config.shown(event.config.src))
        return f"watching {where}: {', '.join(event.makes)} (Ctrl-C ends)"
    if isinstance(event, Waiting):
        return (
            f"still at it after {event.took_s:.0f} s: what does the application wait for when it "
            "is imported? The next save ends it and begins anew."
        )
    head = f"{_changed(event.config, event.changed)}: " if event.changed else ""
    took = f"{event.took_s * 1000:.0f} ms"
    if isinstance(event, Failed):
        texts = [f"{head}{styled('not generated', 'red')}, {took}"]
        for problem in event.problems:
            shown = replace(problem, path=shown_here(event.config.root, problem.path))
            text = str(shown if problem.path else problem.message)
            texts.append(text.replace(" error: ", f" {styled('error:', 'red')} "))
        return "\n".join([*texts, _STAYS])
    parts = [f"wrote {_named(event.config, event.written)}"] if event.written else []
    parts += [f"removed {_named(event.config, event.removed)}"] if event.removed else []
    cured = styled("cured, ", "green") if event.cured else ""
    said = f"{head}{cured}{', '.join(parts) or 'nothing to write'}, {took}"
    return "\n".join([said, *event.notes])


def _changed(config: AppConfig, paths: Sequence[Path]) -> str:
    return f"{_named(config, paths)} changed"


def _named(config: AppConfig, paths: Sequence[Path]) -> str:
    shown = [_shown(config, path) for path in paths[:_LISTED]]
    more = len(paths) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _shown(config: AppConfig, path: Path) -> str:
    return shown_here(config.root, Path(os.path.relpath(path, config.root)).as_posix())


def _say_json(event: Event) -> None:
    from topicwire.codegen.watch.report import (  # noqa: PLC0415 - start-up time
        Failed,
        Left,
        Waiting,
        Watching,
    )

    def shown(paths: Sequence[Path]) -> list[str]:
        root = event.config.root
        return [Path(os.path.relpath(path, root)).as_posix() for path in paths]

    text = _text(event)
    if isinstance(event, Left):
        _line({**named(event.config), "event": "left", "text": text})
        return
    if isinstance(event, Watching):
        _line(
            {
                **named(event.config),
                "event": "watching",
                "text": text,
                "root": str(event.config.root),
                "makes": list(event.makes),
            }
        )
        return
    if isinstance(event, Waiting):
        _line(
            {
                **named(event.config),
                "event": "waiting",
                "text": text,
                "ms": round(event.took_s * 1000),
            }
        )
        return
    of = named(event.config)
    told = {"text": text, "changed": shown(event.changed), "ms": round(event.took_s * 1000)}
    if isinstance(event, Failed):
        errors = [one.fields() | {"text": str(one)} for one in event.problems]
        _line({**of, "event": "failed", **told, "errors": errors})
        return
    made = {"written": shown(event.written), "removed": shown(event.removed)}
    notes = list(event.notes)
    _line({**of, "event": "generated", **told, **made, "cured": event.cured, "notes": notes})


def _line(value: object) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()
