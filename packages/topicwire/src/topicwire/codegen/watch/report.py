"""What a watcher says, as values; and the file from which a page reads what is wrong."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from topicwire.codegen.config import AppConfig
from topicwire.codegen.errors import Problem
from topicwire.codegen.output import prepare_cache, replace

STATE_FILE = "watch.json"


@dataclass(frozen=True, slots=True)
class Watching:
    """The watcher looks at the files from now on.

    Attributes:
        makes: what there are settings for.
    """

    config: AppConfig
    makes: Sequence[str]


@dataclass(frozen=True, slots=True)
class Generated:
    """Everything is as the source says.

    Attributes:
        config: as it is now.
        changed: what was saved since the last good time; empty the first time.
        written: replaced or made; removed: declared no more.
        took_s: from the moment when the change was noticed.
        cured: the time before, something was wrong.
        notes: what is worth knowing, when it is not what was told last.
    """

    config: AppConfig
    changed: Sequence[Path]
    written: Sequence[Path]
    removed: Sequence[Path]
    took_s: float
    cured: bool
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Failed:
    """Something is wrong; what was generated last is still there."""

    config: AppConfig
    changed: Sequence[Path]
    problems: Sequence[Problem]
    took_s: float


@dataclass(frozen=True, slots=True)
class Waiting:
    """A generation takes long: something that the application does when it is imported."""

    config: AppConfig
    took_s: float


@dataclass(frozen=True, slots=True)
class Left:
    """One of several applications is in the settings no more. What it was made into stays."""

    config: AppConfig


Event = Watching | Generated | Failed | Waiting | Left
Tell = Callable[[Event], None]


def state_file(config: AppConfig) -> Path:
    """Return where the state is written: an object with `app`, `ok`, `pid` and `errors`."""
    return config.cache_dir / STATE_FILE


def write_state(config: AppConfig, problems: Sequence[Problem]) -> None:
    """Say what is wrong now, to whoever reads the file. Each text is replaced in one step."""
    state = {
        "app": config.name,  # "" of the only one
        "ok": not problems,
        "pid": os.getpid(),
        "errors": [one.fields() | {"file": _absolute(config, one)} for one in problems],
    }
    prepare_cache(config)
    replace(config, state_file(config), (json.dumps(state, indent=2) + "\n").encode())


def _absolute(config: AppConfig, problem: Problem) -> str:
    return str(config.root / problem.path) if problem.path else ""
