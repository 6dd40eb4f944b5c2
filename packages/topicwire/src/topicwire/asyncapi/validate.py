"""Is this a document of ours, and a right one?

Two judges: the official JSON Schema of AsyncAPI 3.1.0, which ships with the package, and our
own rules, which see what it cannot (`topicwire.asyncapi.rules`). Needs the `codegen` extra.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from jsonschema import Draft7Validator
from jsonschema.exceptions import best_match
from referencing import Registry
from referencing.jsonschema import DRAFT7

from topicwire.asyncapi.errors import DocumentError, FrameMismatchError
from topicwire.asyncapi.fault import Fault
from topicwire.asyncapi.frames import FrameValidator
from topicwire.asyncapi.pointers import pointer
from topicwire.asyncapi.references import circles, references
from topicwire.asyncapi.rules import RULES

__all__ = ["DocumentError", "Fault", "FrameMismatchError", "FrameValidator", "faults", "validate"]


def faults(document: Mapping[str, Any]) -> list[Fault]:
    """Return everything that is wrong with `document`, each fault with its place and its cure.

    The official schema is asked first, then whether references lead where they are to, then our
    other rules: each needs what the one before it asks for.
    """
    official = best_match(_official().iter_errors(document))
    if official is not None:
        what = f"the official AsyncAPI schema refuses this: {official.message}."
        return [Fault(pointer(official.absolute_path), what)]
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


@cache
def _official() -> Draft7Validator:
    file = resources.files("topicwire.asyncapi") / "schema" / "asyncapi-3.1.0.json"
    schema = json.loads(file.read_text("utf-8"))
    # Nothing is ever fetched: what is not in the file is an error. Crawled once, or every lookup
    # would look through the whole of it again.
    registry: Registry[Any] = Registry().with_resource("", DRAFT7.create_resource(schema)).crawl()
    return Draft7Validator(schema, registry=registry)
