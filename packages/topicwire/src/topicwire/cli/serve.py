"""`topicwire serve`: an application on uvicorn, as it serves WebSockets best."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from topicwire.cli.console import DOES_NOT_HOLD, add_command, refusals, refuse
from topicwire.cli.listening import add_address, listener

if TYPE_CHECKING:
    from topicwire.cli.console import Commands

WEBSOCKETS = "topicwire.asgi.uvicorn:WebSocketProtocol"
HTTP = "topicwire.asgi.uvicorn_http:HttpProtocol"


def add_serve(commands: Commands) -> None:
    """Adds `topicwire serve`."""
    parser = add_command(
        commands,
        "serve",
        serve,
        "serve an application, by uvicorn",
        checks=False,
        in_project=False,
    )
    parser.add_argument("app", metavar="MODULE:APP", help="the ASGI application, such as main:app")
    add_address(parser)
    parser.add_argument(
        "--workers", type=int, help="processes: 1, until hubs can speak with each other"
    )
    parser.add_argument(
        "--compress",
        action="store_true",
        help="agree on permessage-deflate with clients that offer it: where bytes are dear",
    )
    parser.add_argument("--reload", action="store_true", help="start anew when a source changes")
    parser.add_argument(
        "--log-level",
        choices=("critical", "error", "warning", "info", "debug"),
        default="info",
        help="what the server logs (default: info)",
    )


def serve(
    *,
    app: str,
    host: str,
    port: int,
    workers: int | None,
    compress: bool,
    reload: bool,
    log_level: str,
) -> None:
    """Serve an ASGI application until it is stopped: Ctrl-C, or SIGTERM, which drains.

    It is uvicorn with Topicwire's WebSockets: updates go straight to the sockets, a client that
    does not read is noticed early, messages are not compressed unless that is wanted, and the
    collector leaves alone what the application has when it has started.

    Exits with 1 when the application does not start, with 2 when it cannot be found.

    Example: `topicwire serve main:app --port 8000`.
    """
    _require_one(workers)
    with refusals():
        import uvicorn  # noqa: PLC0415 - an extra

        from topicwire.asgi.served import VARIABLE, find  # noqa: PLC0415 - start-up time

        sys.path.insert(0, str(Path.cwd()))
        os.environ[VARIABLE] = app
        if not reload:  # who edits it may correct it while this runs
            find(app)
    bound = listener(host, port)
    sys.stderr.write(f"serving {app} on http://{host}:{bound.getsockname()[1]}\n")
    config = uvicorn.Config(
        "topicwire.asgi.served:application",
        factory=True,
        host=host,
        port=port,
        ws=WEBSOCKETS,
        http=HTTP,
        ws_per_message_deflate=compress,
        workers=1,
        reload=reload,
        log_level=log_level,
    )
    server = uvicorn.Server(config)
    if reload:
        from uvicorn.supervisors import ChangeReload  # noqa: PLC0415 - start-up time

        bound.set_inheritable(True)
        ChangeReload(config, target=server.run, sockets=[bound]).run()
        return
    try:
        server.run(sockets=[bound])
    except SystemExit:  # uvicorn's own code for an application that does not start
        if server.started:
            raise
    if not server.started:
        raise SystemExit(DOES_NOT_HOLD)


def _require_one(workers: int | None) -> None:
    wanted = workers
    said = "--workers"
    if wanted is None:
        said, text = "WEB_CONCURRENCY", os.environ.get("WEB_CONCURRENCY", "1")
        wanted = int(text) if text.isdecimal() else 0
    if wanted == 1:
        return
    if wanted < 1:
        refuse(f"{said} is to be 1: a number of processes.", as_json=False)
    from topicwire.asgi.workers import REASON  # noqa: PLC0415 - start-up time

    refuse(
        f"{said} {wanted}: an application is served by one process, for {REASON}. Leave it out; "
        "or serve several applications, each on a port of its own.",
        as_json=False,
    )
