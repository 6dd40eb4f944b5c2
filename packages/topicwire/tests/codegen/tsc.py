"""The TypeScript compiler, started once for all projects that tests compile."""

from __future__ import annotations

import atexit
import functools
import json
import subprocess
from pathlib import Path

COMPILER = Path(__file__).with_name("tsc.mjs")


def compiled(folder: Path) -> str:
    """What `tsc -p` complains of in a folder with a `tsconfig.json`; "" when it is content."""
    compiler = _compiler()
    assert compiler.stdin is not None
    assert compiler.stdout is not None
    compiler.stdin.write(f"{folder.resolve()}\n")
    compiler.stdin.flush()
    answer = compiler.stdout.readline()
    assert answer, "the compiler has ended"
    said: str = json.loads(answer)
    return said


@functools.cache
def _compiler() -> subprocess.Popen[str]:
    compiler = subprocess.Popen(
        ["node", COMPILER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    atexit.register(compiler.communicate)
    return compiler
