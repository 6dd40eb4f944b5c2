"""Writes a route's files, generates, and puts everything back where a step fails."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from topicwire.codegen.config import AppConfig
from topicwire.codegen.errors import ConfigError
from topicwire.codegen.generate import Plan, generate_locked, owned_files
from topicwire.codegen.output import locked, replace, restore
from topicwire.scaffold.errors import ScaffoldError
from topicwire.scaffold.route import NewRoute


@dataclass(frozen=True, slots=True)
class Applied:
    """What was done.

    Attributes:
        files: written by the scaffold: with True where the file is new.
        generated: written by the generators.
        served: whether the application serves the route; None where that cannot be known, since
            `[tool.topicwire]` names no application.
    """

    files: Mapping[Path, bool]
    generated: tuple[Path, ...]
    served: bool | None


def apply(config: AppConfig, route: NewRoute) -> Applied:
    """Write everything, or nothing: routers, document and TypeScript too, as far as configured.

    Raises:
        GenerationError, FormatError: the generator refuses what was written.
        ScaffoldError: the application cannot be imported with the new route.
        OSError: a file cannot be written.
    """
    documents = list(_documents(config))
    before = {path: _bytes(path) for path in (*route.files, *documents)}
    generated = {path: path.read_bytes() for path in owned_files(config)}
    planned: Plan | None = None
    try:
        with locked(config):
            for path, text in route.files.items():
                replace(config, path, text.encode())
            planned = generate_locked(config)
        if config.app:
            _run(config, "spec")
            if config.typescript is not None:
                _run(config, "client", "typescript")
            if config.python is not None:  # the last: where it refuses, it has written nothing
                _run(config, "client", "python")
    except BaseException:
        made = planned.changes.files if planned is not None else ()
        restore(config, {**dict.fromkeys(made), **before, **generated})
        raise
    written = [path for path in documents if _bytes(path) != before[path]]
    return Applied(
        {path: before[path] is None for path in route.files},
        (*planned.changes.written, *written),
        _is_served(config, route.names.route),
    )


def _documents(config: AppConfig) -> Iterator[Path]:
    if config.app:
        yield config.asyncapi
        if config.typescript is not None:
            yield config.typescript.types / "index.ts"
            yield config.typescript.client / "index.ts"


def _run(config: AppConfig, *command: str) -> None:
    """Run one of our commands in a process of its own: this one may know older modules."""
    done = subprocess.run(  # noqa: S603 - our own command line
        [sys.executable, "-m", "topicwire.cli", *command, "--project", str(config.root)],
        cwd=config.root,
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip().removesuffix("Nothing was written.").strip()
        raise ScaffoldError(
            f"`topicwire {' '.join(command)}` fails with the new route in place, so it was taken "
            f"out again. It said:\n{said}"
        )


def _is_served(config: AppConfig, route: str) -> bool | None:
    if not config.app:
        return None
    try:
        document = json.loads(config.asyncapi.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{config.asyncapi} cannot be read: {error}.") from error
    return route in document.get("channels", {})


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None
