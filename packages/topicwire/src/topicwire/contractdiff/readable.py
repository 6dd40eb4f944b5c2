"""Is this a document that can be compared?

Asked before anything is: by the official schema and our rules of references. Our other rules are
not asked, because an older version of Topicwire may have written what a newer one would refuse.
"""

from __future__ import annotations

from typing import Any

from topicwire.asyncapi.contract import check_ours
from topicwire.asyncapi.errors import DocumentError
from topicwire.asyncapi.fault import Fault
from topicwire.asyncapi.official import official_error
from topicwire.asyncapi.pointers import pointer
from topicwire.asyncapi.references import circles, references


def check_readable(document: Any, name: str) -> None:
    """Accept a document of ours that is in one piece.

    Args:
        document: as parsed JSON.
        name: how messages call it.

    Raises:
        DocumentError: it is none, or broken: the message begins with its name, and says where.
    """
    try:
        check_ours(document)
    except DocumentError as error:
        raise DocumentError(f"{name}: {error}") from error
    refused = official_error(document)
    if refused is not None:
        path, why = refused
        fault = Fault(pointer(path), f"the official AsyncAPI schema refuses this: {why}.")
        raise DocumentError(f"{name}: {fault}")
    broken = [*references(document), *circles(document)]
    if broken:
        raise DocumentError("\n".join(f"{name}: {fault}" for fault in broken))
