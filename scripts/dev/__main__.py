"""`python -m scripts.dev [backend] [frontend]`: serves them here, following changes, until Ctrl-C.

HOST (default 127.0.0.1), BACKEND_PORT (8000) and FRONTEND_PORT (5173) say where;
UVICORN_LOG_LEVEL says how much the backend logs.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import sys

from scripts.dev.output import Output
from scripts.dev.settings import Settings, SettingsError
from scripts.dev.supervisor import Supervisor

NAMES = ("backend", "frontend")


def main() -> int:
    """Exits 0 when it was asked to stop, 1 when it could not start."""
    parser = argparse.ArgumentParser(prog="python -m scripts.dev", description=__doc__)
    parser.add_argument("name", nargs="+", choices=NAMES)
    names: list[str] = parser.parse_args().name
    output = Output()
    try:
        asyncio.run(_serve(Supervisor(names, Settings.read(os.environ), output), output))
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


async def _serve(supervisor: Supervisor, output: Output) -> None:
    """Runs it until SIGINT, SIGTERM or the end of the terminal; a second one does not wait."""
    serving = asyncio.ensure_future(supervisor.run())
    loop = asyncio.get_running_loop()

    def stop() -> None:
        if serving.cancelling() == 0:
            output.say("stopping")
        serving.cancel()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop)
    with contextlib.suppress(asyncio.CancelledError):
        await serving


if __name__ == "__main__":
    sys.exit(main())
