"""The command line `topicwire`. Each command is a file here; what it needs is imported when it runs."""

from __future__ import annotations

import typer

from topicwire.cli.documents import client, spec
from topicwire.cli.generate import generate

app = typer.Typer(
    name="topicwire",
    help="Typed WebSocket routes: routers, AsyncAPI document and clients from one declaration.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _root() -> None:
    """Typed WebSocket routes: routers, AsyncAPI document and clients from one declaration."""


app.command()(generate)
app.command()(spec)
app.add_typer(client, name="client")


def main() -> None:
    """Runs the command line. Exit codes: 0 done, 1 it does not hold, 2 wrong usage or input."""
    app()
