"""Forks a process for each line of JSON on stdin, and answers with its exit code.

What every run imports is imported already. Nothing of ours has run: a fork is a new process but
for that, with a folder, an environment, arguments and output of its own.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import fastapi
import uvicorn

import topicwire.asgi.adapter
import topicwire.asyncapi.document
import topicwire.client
import topicwire.codegen.generate
import topicwire.codegen.typescript
import topicwire.testing
from topicwire.cli import main

IMPORTED = (fastapi, uvicorn, topicwire)
GIVEN = os.environ.get("PYTHONPATH", "").split(os.pathsep)
INSTALLED = [path for path in sys.path[1:] if path not in GIVEN]


def run(asked: dict[str, Any]) -> None:
    """Becomes the process that is asked for, which ends when this returns or raises."""
    for number, path in enumerate(("/dev/null", *asked["output"])):
        os.dup2(os.open(path, os.O_WRONLY if number else os.O_RDONLY), number)
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    code, arguments = asked["code"], asked["arguments"]
    given = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    sys.path[:] = [str(Path(sys.executable).parent) if code is None else "", *given, *INSTALLED]
    sys.argv[:] = ["topicwire" if code is None else "-c", *arguments]
    if code is None:
        main(arguments)
    else:
        program = compile(code, "<string>", "exec")
        exec(program, {"__name__": "__main__"})  # noqa: S102 - a test's own


def serve() -> None:
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            run(json.loads(line))
            return
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
