"""nats-server with its WebSocket listener, on ports that were free a moment ago.

python -m bench.fanout.servers.nats PROGRAM
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

START_S: Final = 30.0
CONFIGURATION: Final = """\
listen: "127.0.0.1:{control}"
websocket {{ listen: "127.0.0.1:{port}", no_tls: true, compression: false }}
ping_interval: "10m"
"""


def free_ports() -> tuple[int, int]:
    """Two ports that are free, and not the same."""
    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as other,
    ):
        return one.getsockname()[1], other.getsockname()[1]


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until somebody listens.

    Raises:
        RuntimeError: nats-server has ended.
    """
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=START_S):
                return
        except ConnectionRefusedError:
            if process.poll() is not None:
                raise RuntimeError("nats-server has ended") from None
            select.select([], [], [], 0.02)


def main() -> None:
    """Serve until stopped."""
    port, control = free_ports()
    # a signal ends this by an exception, so that nats-server ends, too
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "nats.conf")
        file.write_text(CONFIGURATION.format(port=port, control=control), encoding="utf-8")
        process = subprocess.Popen([sys.argv[1], "-c", file], stderr=subprocess.DEVNULL)
        try:
            os.sched_setaffinity(process.pid, os.sched_getaffinity(0))
            wait_for(port, process)
            print(json.dumps({"port": port, "control": control, "pid": process.pid}), flush=True)
            process.wait()
        finally:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    main()
