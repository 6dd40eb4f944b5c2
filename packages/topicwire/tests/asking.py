"""Programs that answer each line of their stdin by a line: started once, asked by many tests."""

from __future__ import annotations

import atexit
import functools
import json
import subprocess
from pathlib import Path
from typing import Any


def ask(program: str, script: Path, question: Any) -> Any:
    """The JSON with which a script, run by `program`, answers a question in JSON.

    It is started when it is first asked, and ends with the process that asks.
    """
    answering = _started(program, script)
    assert answering.stdin is not None
    assert answering.stdout is not None
    answering.stdin.write(f"{json.dumps(question)}\n")
    answering.stdin.flush()
    answer = answering.stdout.readline()
    assert answer, f"{script} has ended"
    return json.loads(answer)


@functools.cache
def _started(program: str, script: Path) -> subprocess.Popen[str]:
    answering = subprocess.Popen(
        [program, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    atexit.register(answering.communicate)
    return answering
