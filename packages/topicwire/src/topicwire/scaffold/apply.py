"""Writes a route's files, generates, and puts everything back where a step fails."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from topicwire.codegen.client_files import files_in
from topicwire.codegen.clients import modules_found
from topicwire.codegen.config import AppConfig
from topicwire.codegen.errors import ConfigError
from topicwire.codegen.generate import Plan, generate_locked, owned_files
from topicwire.codegen.output import locked, replace, restore
from topicwire.codegen.typescript import CODECS_FILE, INDEX
from topicwire.scaffold.errors import ScaffoldError
from topicwire.scaffold.route import NewRoute
from topicwire.scaffold.tidy import as_before


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
    """Write everything, or nothing: routers, document and clients too, as far as configured.

    Raises:
        GenerationError, FormatError: the generator refuses what was written.
        ScaffoldError: the application cannot be imported with the new route.
        OSError: a file cannot be written.
    """
    before = {path: _bytes(path) for path in route.files}
    documents = _documents(config)
    generated = {path: path.read_bytes() for path in owned_files(config)}
    planned: Plan | None = None
    try:
        with locked(config):
            for path, text in route.files.items():
                replace(config, path, as_before(text, before[path]))
            planned = generate_locked(config)
        if config.app:
            _run(config, "spec")
            if config.typescript is not None:
                _run(config, "client", "typescript")
            if config.python is not None:  # the last: where it refuses, it has written nothing
                _run(config, "client", "python")
    except BaseException:
        made = planned.changes.files if planned is not None else ()
        new = (*made, *_documents(config))
        restore(config, {**dict.fromkeys(new), **before, **generated, **documents})
        raise
    now = _documents(config)
    written = [path for path in now if now[path] != documents.get(path)]
    return Applied(
        {path: before[path] is None for path in route.files},
        tuple(sorted({*planned.changes.written, *written})),
        _is_served(config, route.names.route),
    )


def _documents(config: AppConfig) -> dict[Path, bytes]:
    """Return what is there of all that comes after the routers: the document and the clients."""
    found: set[Path] = set()
    if config.app:
        found |= {config.asyncapi, config.manifest}
        if config.typescript is not None:
            folders = config.typescript
            found |= {folders.types / INDEX, folders.client / INDEX, folders.client / CODECS_FILE}
            found |= {*modules_found(folders)}
        if config.python is not None:
            found |= set(files_in(config.python.folder))
    return {path: path.read_bytes() for path in found if path.is_file()}


def _run(config: AppConfig, *command: str) -> None:
    """Run one of our commands in a process of its own: this one may know older modules."""
    app = ["--app", config.name] if config.name else []
    done = subprocess.run(  # noqa: S603 - our own command line
        [sys.executable, "-m", "topicwire.cli", *command, "--project", str(config.root), *app],
        cwd=config.root,
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        for closing in ("Nothing was written.", f"Nothing of {config.name} was written."):
            said = said.removesuffix(closing).strip()
        raise ScaffoldError(
            f"`topicwire {' '.join([*command, *app])}` fails with the new route in place, so it "
            f"was taken out again. It said:\n{said}"
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
