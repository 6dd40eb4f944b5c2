"""Lays out what was written as the application's own settings of Ruff say."""

from __future__ import annotations

import codecs
import subprocess
import tomllib
from pathlib import Path

from topicwire.codegen.config import AppConfig
from topicwire.codegen.format import FormatError, ruff_executable
from topicwire.codegen.toolconfig import ruff_options, settings_file


def tidy(config: AppConfig, path: Path, text: str, before: str | None) -> str:
    """Return `text` with its imports and `__all__` sorted, formatted.

    Args:
        config: whose settings of Ruff are used.
        path: where the text goes.
        text: to be laid out; returned as it is where it is not Python.
        before: what an edited file had. Where that was not laid out so, the file keeps its layout:
            what was added to it is all that differs.

    Raises:
        FormatError: Ruff cannot be found, or takes the text for no Python.
    """
    if path.suffix != ".py":
        return text
    if before is not None and before.strip() and _laid_out(config, path, before) != before:
        return text
    return _laid_out(config, path, text)


def as_before(text: str, before: bytes | None) -> bytes:
    """Return an edited file's bytes: with the line ends and the mark that it had before."""
    if before is None:
        return text.encode()
    if before.count(b"\r\n") == before.count(b"\n"):
        text = text.replace("\r\n", "\n").replace("\n", "\r\n") if b"\n" in before else text
    mark = codecs.BOM_UTF8 if before.startswith(codecs.BOM_UTF8) else b""
    return mark + text.removeprefix("\ufeff").encode()


def _laid_out(config: AppConfig, path: Path, text: str) -> str:
    ruff = ruff_executable()
    options = [*ruff_options(config), "--config", _first_party(config)]
    common = ["--no-cache", "--no-force-exclude", *options, "--stdin-filename", str(path), "-"]
    fixes = ["check", "--fix-only", "--exit-zero", "--quiet", "--select", "I,RUF022"]
    fixed = _run([ruff, *fixes, *common], config, path, text)
    return _run([ruff, "format", "--quiet", *common], config, path, fixed)


def _first_party(config: AppConfig) -> str:
    """Say which packages are the application's own: Ruff asks the disk, where they are not yet."""
    named = {config.package.partition(".")[0]}
    file = settings_file(config, "ruff")
    if file is not None:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
        if file.name == "pyproject.toml":
            table = table["tool"]["ruff"]
        named |= set(table.get("lint", {}).get("isort", {}).get("known-first-party", []))
    return f"lint.isort.known-first-party = {sorted(named)}"


def _run(command: list[str], config: AppConfig, path: Path, text: str) -> str:
    done = subprocess.run(  # noqa: S603 - our own arguments
        command, cwd=config.root, input=text.encode(), capture_output=True, check=False
    )
    if done.returncode:
        output = done.stderr.decode(errors="replace").strip()
        raise FormatError(f"ruff does not accept what was written for {path}:\n{output}")
    return done.stdout.decode()
