"""Formats generated Python with the application's own Ruff settings, all of it in two runs.

The parts go through Ruff as one text on its standard input, with a statement between each two:
starting a process and making a file for each of a hundred routers would take longer than all the
rest. Imports are sorted by block, so a part comes out as it would alone.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path

from topicwire.codegen.config import AppConfig
from topicwire.codegen.toolconfig import ruff_options
from topicwire.errors import TopicwireError

_BETWEEN = "__topicwire_next_part__"
_SPLIT = re.compile(rf"\n*^{_BETWEEN}$\n*", re.MULTILINE)


class FormatError(TopicwireError, RuntimeError):
    """Ruff refuses what was generated. Nothing was written."""


def format_python(config: AppConfig, parts: Mapping[Path, str]) -> dict[Path, str]:
    """The parts as isort, Black and Ruff leave them; each ends with one line feed.

    A part is what follows a file's docstring: imports and definitions. Its path is where it goes.

    Raises:
        FormatError: Ruff cannot be found, or does not accept a part.
    """
    if not parts:
        return {}
    whole = f"\n\n\n{_BETWEEN}\n\n\n".join(parts.values())
    try:
        formatted = _formatted(config, next(iter(parts)), whole)
    except FormatError:
        for path, part in parts.items():  # to name the one that is at fault
            _formatted(config, path, part)
        raise
    texts = _SPLIT.split(formatted)
    return {path: f"{text.strip(chr(10))}\n" for path, text in zip(parts, texts, strict=True)}


def _formatted(config: AppConfig, path: Path, text: str) -> str:
    ruff = ruff_executable()
    common = [
        "--no-cache",
        "--no-force-exclude",
        *ruff_options(config),
        "--stdin-filename",
        str(path),
        "-",
    ]
    fixes = ["check", "--fix-only", "--exit-zero", "--quiet", "--select", "I"]
    fixed = _run([ruff, *fixes, *common], config, path, text)
    return _run([ruff, "format", "--quiet", *common], config, path, fixed)


def _run(command: list[str], config: AppConfig, path: Path, text: str) -> str:
    done = subprocess.run(  # noqa: S603 - our own arguments
        command,
        cwd=config.root,
        input=text.encode(),
        capture_output=True,
        check=False,
    )
    if done.returncode:
        output = done.stderr.decode(errors="replace").strip()
        raise FormatError(
            f"ruff does not accept what was generated for {config.shown(path)}:\n{output}"
        )
    return done.stdout.decode()


def ruff_executable() -> str:
    """Ruff of this environment: beside the interpreter, else where its package says it is.

    Raises:
        FormatError: it is not installed.
    """
    beside = Path(sys.executable).with_name("ruff" + Path(sys.executable).suffix)
    if beside.is_file():
        return str(beside)
    try:
        find_ruff_bin: Callable[[], str] = import_module("ruff").find_ruff_bin
    except ImportError as error:
        raise FormatError(
            "ruff is not installed in this environment, and generated code is formatted with it: "
            "pip install 'topicwire[codegen]'."
        ) from error
    return find_ruff_bin()
