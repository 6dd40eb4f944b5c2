"""The command line `topicwire`: a file for each command, which imports what it needs when run.

Parsed by argparse: a parser library takes longer to import than a whole `generate --check` may.
"""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Sequence

from topicwire.cli.console import WRONG_INPUT
from topicwire.cli.diff import add_diff
from topicwire.cli.doctor import add_doctor
from topicwire.cli.documents import add_client, add_spec
from topicwire.cli.generate import add_generate
from topicwire.cli.init import add_init
from topicwire.cli.mock import add_mock
from topicwire.cli.new import add_new
from topicwire.cli.serve import add_serve
from topicwire.codegen.version import GENERATOR_VERSION


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command line. Exit codes: 0 done, 1 it does not hold, 2 wrong usage or input.

    Args:
        arguments: instead of the process's own.

    Raises:
        SystemExit: with the exit code, unless it is 0.
    """
    parser = argparse.ArgumentParser(
        prog="topicwire",
        description="Typed WebSocket routes: routers, AsyncAPI document and clients from one "
        "declaration.",
        epilog="Example: `topicwire init --page` in an empty folder, then `topicwire new route`.\n"
        "`topicwire COMMAND --help` tells more, with an example.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--version", action="version", version=f"topicwire {GENERATOR_VERSION}", help="print it"
    )
    commands = parser.add_subparsers(metavar="COMMAND")
    add_init(commands)
    add_new(commands)
    add_generate(commands)
    add_spec(commands)
    add_client(commands)
    add_diff(commands)
    add_mock(commands)
    add_serve(commands)
    add_doctor(commands)
    options = vars(parser.parse_args(arguments))
    run = options.pop("run", None)
    if run is None:
        parser.print_help(sys.stderr)
        raise SystemExit(WRONG_INPUT)
    try:
        run(**options)
    finally:
        # The system takes everything back; looking for circles in it first takes 0.1 s.
        gc.freeze()
