"""How the commands that write documents and clients say what they did, or what is stale."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from topicwire.cli.apps import named
from topicwire.cli.console import DOES_NOT_HOLD, fail, say, say_json, shown_here

if TYPE_CHECKING:
    from topicwire.codegen.config import AppConfig
    from topicwire.codegen.output import Changes

Stale = Sequence[tuple[Path, str]]
"""Files, and what is wrong with each."""


def stale_files(changes: Changes) -> list[tuple[Path, str]]:
    """Return what `--check` objects to in files that were made."""
    return [
        *((path, "missing") for path in changes.missing),
        *((path, "differs") for path in changes.changed),
        *((path, "extra: nothing makes it") for path in changes.extra),
    ]


def report_stale(config: AppConfig, stale: Stale, command: str, *, as_json: bool) -> None:
    """Name what is stale and end the command; nothing where nothing is.

    Raises:
        SystemExit: with 1.
    """
    if not stale:
        return
    if config.name:
        command = f"{command} --app {config.name}"
    if as_json:
        found = [{"path": _relative(config, path), "what": what} for path, what in stale]
        say_json({**named(config), "ok": False, "stale": found, "cure": command})
        raise SystemExit(DOES_NOT_HOLD)
    lines = [f"{_shown(config, path)}: {what}" for path, what in stale]
    fail("\n".join([*lines, f"Stale. Run: {command}"]), DOES_NOT_HOLD)


def report(
    config: AppConfig,
    changes: Changes,
    listed: Collection[Path],
    *,
    check: bool,
    as_json: bool,
    started: float,
) -> None:
    """Say what was written.

    Args:
        config: of the application.
        changes: what was compared.
        listed: the files that are named where nothing has happened to them.
        check: nothing was written.
        as_json: for machines.
        started: by `time.perf_counter`.
    """
    took_ms = round((time.perf_counter() - started) * 1000)
    if as_json:
        content = {
            **named(config),
            "ok": True,
            "files": [_relative(config, path) for path in sorted(changes.files)],
            "written": [] if check else [_relative(config, path) for path in changes.written],
            "removed": [_relative(config, path) for path in changes.extra],
            "ms": took_ms,
        }
        say_json(content)
        return
    written = set(changes.written)
    for path in changes.files:
        state = "fresh" if check else "written" if path in written else "unchanged"
        if state == "written" or path in listed:
            say(f"{_shown(config, path)}   {state}")
    for path in changes.extra:
        say(f"{_shown(config, path)}   removed")
    say(f"{took_ms} ms")


def report_unchanged(
    config: AppConfig, what: str, files: Sequence[Path], *, as_json: bool, started: float
) -> None:
    """Say that a check found nothing to make anew.

    Args:
        config: of the application.
        what: was made: "document", "client".
        files: what was made.
        as_json: for machines.
        started: by `time.perf_counter`.
    """
    from topicwire.codegen.output import Changes  # noqa: PLC0415 - start-up time

    if not as_json:
        say(f"Nothing that the {what} is made from has changed.")
    same = Changes(dict.fromkeys(files, ""), (), (), ())
    report(config, same, listed(files), check=True, as_json=as_json, started=started)


def listed(files: Collection[Path]) -> list[Path]:
    """Return what is named where nothing has changed: of a folder of modules its index alone."""
    return [path for path in files if path.suffix != ".ts" or path.name == "index.ts"]


def _relative(config: AppConfig, path: Path) -> str:
    # Generated clients are often beside the project's folder, not below.
    return Path(os.path.relpath(path, config.root)).as_posix()


def _shown(config: AppConfig, path: Path) -> str:
    return shown_here(config.root, _relative(config, path))
