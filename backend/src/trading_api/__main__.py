"""`python -m trading_api [uvicorn's options]`: serve the app at HOST and BACKEND_PORT.

Anything after it goes to uvicorn as it is (`--reload`, `--log-level debug`), and uvicorn reads its
own variables (`UVICORN_LOG_LEVEL`) as ever.
"""

import os
import socket
import sys

from uvicorn.main import main as uvicorn

from topicwire.asgi.served import VARIABLE
from trading_api.shared.config import Settings
from trading_api.shared.errors import ConfigError


def main(arguments: list[str]) -> None:
    """Serve until stopped.

    Raises:
        SystemExit: 1 when the address cannot be listened on, 2 for a setting that cannot be used.
    """
    try:
        settings = Settings.from_environment()
    except ConfigError as error:
        print(error, file=sys.stderr)  # noqa: T201 said before any log is set up
        raise SystemExit(2) from error
    refused = _refused(settings)
    if refused is not None:
        print(  # noqa: T201
            f"cannot listen on {settings.host} port {settings.port}: {refused}. "
            "Stop what listens there, or set HOST or BACKEND_PORT to something else.",
            file=sys.stderr,
        )
        raise SystemExit(1)
    address = ["--host", settings.host, "--port", str(settings.port)]
    websocket = ["--ws", "topicwire.asgi.uvicorn:WebSocketProtocol"]
    http = ["--http", "topicwire.asgi.uvicorn_http:HttpProtocol"]
    as_they_are = ["--ws-per-message-deflate", "false"]  # updates to many cost a third so
    os.environ[VARIABLE] = "trading_api.main:app"
    options = [*address, *websocket, *http, *as_they_are, *arguments]
    uvicorn(
        ["topicwire.asgi.served:application", "--factory", *options],
        prog_name="python -m trading_api",
    )


def _refused(settings: Settings) -> str | None:
    """Why the address cannot be had; asked before anything is started."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as trial:
        if os.name == "posix":
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((settings.host, settings.port))
        except OSError as error:
            return error.strerror or str(error)
    return None


if __name__ == "__main__":
    main(sys.argv[1:])
