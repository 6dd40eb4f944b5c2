"""Formats generated Python with the application's own Ruff settings, all files in two runs."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from topicwire.codegen.config import AppConfig
from topicwire.codegen.toolconfig import ruff_options
from topicwire.errors import TopicwireError


class FormatError(TopicwireError, RuntimeError):
    """Ruff refuses what was generated. Nothing was written."""


def format_python(config: AppConfig, files: Mapping[Path, str]) -> dict[Path, str]:
    """The files as Black, isort, `ruff check --fix` and `ruff format` leave them.

    Raises:
        FormatError: Ruff cannot be found, or does not accept a file.
    """
    if not files:
        return {}
    ruff = ruff_executable()
    cwd, options = ruff_options(config)
    with tempfile.TemporaryDirectory(prefix="topicwire-") as folder:
        staged = {path: Path(folder, str(at), path.name) for at, path in enumerate(files)}
        for path, text in files.items():
            staged[path].parent.mkdir()
            staged[path].write_text(text, encoding="utf-8", newline="\n")
        # Ruff reads `src` relative to where it runs; the files lie elsewhere, so that a run that
        # is broken off leaves nothing in the tree.
        listed = [str(path) for path in staged.values()]
        common = ["--no-cache", "--quiet", "--no-force-exclude", *options]
        fixes = ["check", "--fix-only", "--exit-zero", "--extend-select", "I,F401"]
        _run([ruff, *fixes, *common, *listed], cwd, folder, files)
        _run([ruff, "format", *common, *listed], cwd, folder, files)
        return {path: staged[path].read_text(encoding="utf-8") for path in files}


def ruff_executable() -> str:
    """Ruff of this environment: beside the interpreter, else where its package says it is.

    Raises:
        FormatError: it is not installed.
    """
    beside = Path(sys.executable).with_name("ruff" + Path(sys.executable).suffix)
    if beside.is_file():
        return str(beside)
    try:
        from ruff import find_ruff_bin  # noqa: PLC0415 - the usual way needs no import
    except ImportError as error:
        raise FormatError(
            "ruff is not installed in this environment, and generated code is formatted with it: "
            "pip install 'topicwire[codegen]'."
        ) from error
    return str(find_ruff_bin())


def _run(command: list[str], cwd: Path, folder: str, files: Mapping[Path, str]) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)  # noqa: S603 - our own arguments
    if done.returncode:
        output = (done.stderr + done.stdout).strip()
        for at, path in enumerate(files):
            output = output.replace(str(Path(folder, str(at), path.name)), str(path))
        raise FormatError(f"ruff does not accept what was generated:\n{output}")
