"""backend/.venv: everything of requirements.lock, and both packages of the repository, editable."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from scripts.repository import BACKEND, BIN, ROOT
from scripts.setup import debian
from scripts.setup.console import SetupError, doing, run
from scripts.setup.stamp import Stamp

ENVIRONMENT = BIN.parent
PYTHON = BIN / "python"
UV = BIN / "uv"
LOCK = ROOT / "requirements.lock"
PACKAGES = (ROOT / "packages/topicwire", BACKEND)
NATIVE = (
    ROOT / "packages/topicwire/native.py",
    ROOT / "packages/topicwire/src/topicwire/hub/_batch.h",
    ROOT / "packages/topicwire/src/topicwire/hub/_sending.c",
)
"""Compiled beside the sources when these are installed, where there is a compiler."""

_NETWORK = "If a package could not be fetched, look at the network and run the same again."


def ensure() -> None:
    """Makes the environment if it is missing, and brings it to the lock if that changed."""
    stamp = Stamp(
        ENVIRONMENT / ".topicwire-stamp",
        LOCK,
        *(path / "pyproject.toml" for path in PACKAGES),
        *NATIVE,
    )
    usable = _is_usable()
    if usable and stamp.is_current():
        return
    if not usable:
        with doing(f"Python environment backend/.venv ({_version(sys.version_info)})"):
            _require_venv()
            create(ENVIRONMENT)
            _install_uv()
    with doing("Python packages of requirements.lock"):
        options = ("--require-hashes", "--compile-bytecode")
        run(UV, "pip", "sync", "--python", PYTHON, *options, LOCK, cure=_NETWORK)
        editable = [word for path in PACKAGES for word in ("--editable", str(path))]
        run(
            UV,
            "pip",
            "install",
            "--python",
            PYTHON,
            "--no-deps",
            "--no-build-isolation",
            *editable,
            cure=_NETWORK,
        )
        _compile_sources()
    stamp.write()


def _compile_sources() -> None:
    """Compiles both packages: where Python writes no bytecode, each start would do it anew.

    Bytecode holds the hash of its source, so it is never taken for that of another text.
    """
    sources = [path / "src" for path in PACKAGES]
    options = ("-m", "compileall", "-q", "--invalidation-mode", "checked-hash")
    run(PYTHON, *options, *sources, cure="Correct the file that is named.")


def create(folder: Path, *options: str) -> None:
    """A new virtual environment, of the Python that runs this."""
    # A virtual environment that is active must not be the parent of another one.
    base = getattr(sys, "_base_executable", sys.executable)
    cure = f"{base} cannot make virtual environments."
    run(base, "-m", "venv", "--clear", *options, folder, cure=cure)


def _require_venv() -> None:
    """Debian and Ubuntu split off what `python -m venv` needs to bring pip along."""
    if importlib.util.find_spec("ensurepip") is None:
        # The package is named after the exact Python.
        name = f"python{_version(sys.version_info)}-venv"
        debian.install(name, purpose=f"Python's venv module ({sys.executable} has no ensurepip)")


def _install_uv() -> None:
    """Brings uv, which installs the rest, by pip: the entry of the lock, held to its hashes."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as listed:
        listed.write(_only(LOCK.read_text(encoding="utf-8"), "uv"))
        listed.flush()
        run(
            PYTHON,
            *("-m", "pip", "--disable-pip-version-check", "install", "--quiet"),
            *("--no-deps", "--require-hashes", "--requirement", listed.name),
            cure=_NETWORK,
        )


def _is_usable() -> bool:
    """Whether the environment runs, on a new enough Python, on the one asked for by PYTHON."""
    if not UV.exists():
        return False
    shown = "import sys; print(*sys.version_info[:2])"
    found = subprocess.run([PYTHON, "-c", shown], capture_output=True, text=True, check=False)
    if found.returncode != 0:
        return False
    version = tuple(int(part) for part in found.stdout.split())
    if os.environ.get("PYTHON"):
        return version == sys.version_info[:2]
    return version >= (3, 11)


def _version(version: tuple[int | str, ...]) -> str:
    return f"{version[0]}.{version[1]}"


def _only(lock: str, name: str) -> str:
    """The lock's entry of one package: its line and the hashes below it."""
    lines = lock.splitlines(keepends=True)
    for first, line in enumerate(lines):
        if line.startswith(f"{name}=="):
            entry = [line]
            for following in lines[first + 1 :]:
                if not entry[-1].rstrip().endswith("\\"):
                    break
                entry.append(following)
            return "".join(entry)
    message = f"{LOCK.name} has no entry '{name}==': compile it anew with `make lock`."
    raise SetupError(message)
