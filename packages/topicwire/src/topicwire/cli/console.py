"""What every command prints alike: results to stdout, refusals to stderr, colour on a terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn, TextIO

import typer

from topicwire.errors import TopicwireError

DONE = 0
DOES_NOT_HOLD = 1
WRONG_INPUT = 2

_CODES = {"red": "31", "green": "32", "yellow": "33", "dim": "2", "bold": "1"}


def styled(text: str, style: str, stream: TextIO | None = None) -> str:
    """The text in a colour, where the stream is a terminal and `NO_COLOR` is not set."""
    stream = stream or sys.stdout
    if not stream.isatty() or os.environ.get("NO_COLOR"):
        return text
    return f"\x1b[{_CODES[style]}m{text}\x1b[0m"


def fail(message: str, code: int) -> NoReturn:
    """Prints to stderr and ends the command.

    Raises:
        typer.Exit: always.
    """
    typer.echo(message, err=True)
    raise typer.Exit(code)


@contextmanager
def refusals(closing: str = "") -> Iterator[None]:
    """Errors of ours become a message and exit code 2, without a traceback."""
    try:
        yield
    except TopicwireError as error:
        message = str(error).replace(" error: ", f" {styled('error:', 'red', sys.stderr)} ")
        fail(f"{message}\n{closing}".rstrip("\n"), WRONG_INPUT)
