"""The socket that a command serves on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from topicwire.cli.console import refuse

if TYPE_CHECKING:
    import argparse
    import socket

_BACKLOG = 2048
"""As uvicorn's own."""


def add_address(parser: argparse.ArgumentParser) -> None:
    """Adds `--host` and `--port`."""
    parser.add_argument("--host", default="127.0.0.1", help="to listen on (default: 127.0.0.1)")
    parser.add_argument(
        "--port", type=int, default=8000, help="to listen on; 0 for any (default: 8000)"
    )


def listener(host: str, port: int, *, as_json: bool = False) -> socket.socket:
    """Returns a socket that listens: who comes before the server has started waits for it.

    Raises:
        SystemExit: with 2, when that cannot be had.
    """
    import socket  # noqa: PLC0415 - start-up time

    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        bound = socket.socket(family, socket.SOCK_STREAM)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
        bound.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        refuse(
            f"{host}:{port} cannot be listened on: {error}. Choose another --port; 0 takes any "
            "that is free.",
            as_json=as_json,
        )
    return bound
