"""A process that has imported what applications import, and forks for each generation.

`python -m topicwire.codegen.watch.warm`: requests come on its standard input, one a line;
results go to its standard output, one a line. The source is compiled before each fork.
A generation runs in a process of its own, so it finds no module of the application imported, and
whatever the application does, hangs or crashes, does it there. Where the system cannot fork, this
process generates once and ends; whoever started it starts another.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import importlib
import json
import os
import select
import signal
import sys
import tempfile
import warnings
from pathlib import Path
from types import CodeType
from typing import IO

from topicwire.codegen.watch.build import Request, Result, build, compiling
from topicwire.codegen.watch.sources import python_files

# What costs time to import. Nothing of the application: that is to be imported anew each time.
PRELOADED = (
    "fastapi",
    "pydantic.json_schema",
    "topicwire.asgi.adapter",
    "topicwire.asyncapi.document",
    "topicwire.routing.router",
    "jsonschema_rs",
    "_strptime",
    "decimal",
)
_SHOWN = 2000  # characters of what the application printed

Codes = dict[tuple[str, bytes], CodeType]


def main() -> None:
    """Serve requests until the standard input ends."""
    results = os.dup(1)
    os.dup2(2, 1)  # whatever else is printed is no result
    warnings.simplefilter("ignore", SyntaxWarning)  # in half of a file: of no interest
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever started this
    for name in PRELOADED:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    codes: Codes = {}
    gc.collect()
    gc.freeze()  # what is there already need not be copied for a child's collector
    _send(results, json.dumps({"ready": os.getpid()}))
    if not hasattr(os, "fork"):
        _send(results, _generated(Request.from_json(sys.stdin.buffer.readline()), codes))
        return
    for line in iter(sys.stdin.buffer.readline, b""):
        request = Request.from_json(line)
        _compile(request.sources, codes)
        if not _forked(request, codes, results):
            return


def _compile(folder: Path, codes: Codes) -> None:
    """Bring `codes` up to date; what does not compile is told where it is imported."""
    kept: Codes = {}
    for path in python_files(folder):
        with contextlib.suppress(OSError, SyntaxError, ValueError, RecursionError):
            content = path.read_bytes()
            key = (str(path), hashlib.sha256(content).digest())
            kept[key] = codes.get(key) or compile(content, key[0], "exec", dont_inherit=True)
    codes.clear()
    codes.update(kept)


def _forked(request: Request, codes: Codes, results: int) -> bool:
    """Generate in a child; False when whoever asked has gone meanwhile."""
    with tempfile.TemporaryFile() as printed:
        child = os.fork()
        if child == 0:
            _child(request, codes, results, printed)
        _send(results, json.dumps({"started": child}))
        status = _ended(child)
        if status is None:
            return False
        printed.seek(0)
        text = printed.read().decode(errors="replace")[-_SHOWN:]
    _send(results, json.dumps({"ended": status, "printed": text}))
    return True


def _ended(child: int) -> int | None:
    """Wait for the child; None when the standard input ended first, and the child with it."""
    ended = os.pidfd_open(child) if hasattr(os, "pidfd_open") else None
    if ended is not None:
        try:
            readable, _, _ = select.select([ended, sys.stdin.buffer], [], [])
            if ended not in readable:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
                return None
        finally:
            os.close(ended)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _child(request: Request, codes: Codes, results: int, printed: IO[bytes]) -> None:
    """Generate, say so, and end at once: nothing of the application is to be wound up."""
    status = 1
    try:
        gc.disable()  # it ends before there is anything worth collecting
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # requests are not the application's
        for stream in (1, 2):
            os.dup2(printed.fileno(), stream)
        _send(results, _generated(request, codes))
        status = 0
    finally:
        os._exit(status)


def _generated(request: Request, codes: Codes) -> str:
    result: Result = build(request, compiling(codes))
    return result.to_json()


def _send(stream: int, text: str) -> None:
    data = text.encode() + b"\n"
    while data:
        data = data[os.write(stream, data) :]


if __name__ == "__main__":
    main()
