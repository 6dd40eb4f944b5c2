"""Is this a document of ours, and a right one?

Two judges: the official JSON Schema of AsyncAPI 3.1.0, which ships with the package, and our
own rules, which see what it cannot (`topicwire.asyncapi.rules`). Needs the `codegen` extra.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from topicwire.asyncapi.errors import DocumentError, FrameMismatchError
from topicwire.asyncapi.fault import Fault
from topicwire.asyncapi.frames import FrameValidator
from topicwire.asyncapi.official import official_error
from topicwire.asyncapi.pointers import pointer
from topicwire.asyncapi.references import circles, references
from topicwire.asyncapi.rules import RULES

__all__ = ["DocumentError", "Fault", "FrameMismatchError", "FrameValidator", "faults", "validate"]


def faults(document: Mapping[str, Any]) -> list[Fault]:
    """Return everything that is wrong with `document`, each fault with its place and its cure.

    The official schema is asked first, then whether references lead where they are to, then our
    other rules: each needs what the one before it asks for.
    """
    refused = official_error(document)
    if refused is not None:
        path, why = refused
        return [Fault(pointer(path), f"the official AsyncAPI schema refuses this: {why}.")]
    dangling = [*references(document), *circles(document)]
    return dangling or [fault for rule in RULES for fault in rule(document)]


def validate(document: Mapping[str, Any]) -> None:
    """Accept a right document.

    Raises:
        DocumentError: it is not right: every fault on a line of its own.
    """
    found = faults(document)
    if found:
        raise DocumentError("\n".join(str(fault) for fault in found))
