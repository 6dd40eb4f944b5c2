# ruff: noqa: INP001 - a program, and no part of a package
"""Compile the parts of topicwire that are in C. None is needed: each has its like in Python.

    python packages/topicwire/native.py      beside the sources, for who works on them

A wheel that is built where there is a compiler has them (`hatch_build.py`), and is for the platform
then, for Python 3.11 and later; another one is for all.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Final

SOURCES: Final = Path(__file__).parent / "src"
PARTS: Final = ("topicwire/hub/_sending",)
SUFFIX: Final = ".abi3.so"
"""For every Python from the version on that the sources name as `Py_LIMITED_API`."""


class NotCompiledError(Exception):
    """There is no compiler, or it refuses; the message says what it said."""


def compile_into(folder: Path, sources: Path = SOURCES) -> list[Path]:
    """Compile all parts. Returns them, each by its place in a wheel, below `folder`.

    Raises:
        NotCompiledError: nothing is left below `folder` then.
    """
    linker = shlex.split(sysconfig.get_config_var("LDSHARED") or "")
    if not linker or sys.implementation.name != "cpython":
        raise NotCompiledError("this Python does not say how it was linked")
    flags = ("-O2", "-std=c11", "-Wall", "-Wextra", "-fPIC", "-D_GNU_SOURCE")
    include = f"-I{sysconfig.get_path('include')}"
    made: list[Path] = []
    for part in PARTS:
        target = folder / f"{part}{SUFFIX}"
        target.parent.mkdir(parents=True, exist_ok=True)
        # compiled beside its place: whoever imports it meanwhile finds all of it, or nothing
        aside = target.with_suffix(".part")
        command = [*linker, *flags, include, f"{sources / part}.c", "-o", str(aside)]
        try:
            done = subprocess.run(  # noqa: S603 - the compiler that Python was built with
                command, capture_output=True, text=True, check=False
            )
        except OSError as error:
            raise NotCompiledError(str(error)) from error
        if done.returncode != 0:
            aside.unlink(missing_ok=True)
            raise NotCompiledError(done.stderr.strip())
        aside.rename(target)
        made.append(target)
    return made


def main() -> int:
    """Compile beside the sources, and say so."""
    try:
        made = compile_into(SOURCES)
    except NotCompiledError as error:
        sys.stderr.write(f"not compiled, and not needed: {error}\n")
        return 1
    sys.stdout.writelines(f"{one}\n" for one in made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
