"""`topicwire diff`: two documents compared; what breaks whom."""

from __future__ import annotations

import argparse
import gc
from typing import TYPE_CHECKING

from topicwire.cli.console import DOES_NOT_HOLD, add_json, refuse, say, say_json, styled
from topicwire.errors import TopicwireError

if TYPE_CHECKING:
    from topicwire.cli.console import Commands
    from topicwire.contractdiff.changes import Severity
    from topicwire.contractdiff.compare import Comparison

_FAILING: dict[str, tuple[Severity, ...]] = {
    "breaking": ("breaking",),
    "compatible": ("breaking", "compatible"),
    "never": (),
}


def add_diff(commands: Commands) -> None:
    """Adds `topicwire diff`."""
    parser = commands.add_parser(
        "diff",
        help="compare two AsyncAPI documents: what breaks which client",
        description="\n".join(line.strip() for line in (diff.__doc__ or "").splitlines()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "old", metavar="OLD", help="a file or an http(s) address: what clients know"
    )
    parser.add_argument(
        "new", metavar="NEW", help="a file or an http(s) address: what is served now"
    )
    parser.add_argument(
        "--fail-on",
        choices=sorted(_FAILING),
        default="breaking",
        help="exit 1 when there is such a change, or a worse one (default: breaking)",
    )
    add_json(parser)
    parser.set_defaults(run=diff)


def diff(*, old: str, new: str, fail_on: str, as_json: bool) -> None:
    """Compare two AsyncAPI documents, and say of each change which clients it breaks.

    Exit code 0 when nothing breaks, 1 when something does, 2 when a document cannot be read or
    is not one of ours. docs/diff.md has the rules, and the form of --json.

    Example: `topicwire diff released.json generated/asyncapi.json`, and for what is running:
    `topicwire diff http://localhost:8000/api/v1/ws/asyncapi.json generated/asyncapi.json`.
    """
    gc.disable()  # thousands of nodes are made and kept, and then the process ends
    try:
        comparison = _compared(old, new)
    except TopicwireError as error:
        head = "" if as_json else f"{styled('error:', 'red', err=True)} "
        refuse(f"{head}{error}", as_json=as_json)
    from topicwire.contractdiff.report import as_json as machine  # noqa: PLC0415 - start-up time
    from topicwire.contractdiff.report import as_text  # noqa: PLC0415

    holds = not any(comparison.of(one) for one in _FAILING[fail_on])
    if as_json:
        say_json(machine(comparison, old=old, new=new, holds=holds))
    else:
        say(as_text(comparison, styled))
    if not holds:
        raise SystemExit(DOES_NOT_HOLD)


def _compared(old: str, new: str) -> Comparison:
    from topicwire.codegen.documents import read_document  # noqa: PLC0415 - start-up time
    from topicwire.contractdiff.compare import compare  # noqa: PLC0415

    return compare(read_document(old), read_document(new), (old, new))
