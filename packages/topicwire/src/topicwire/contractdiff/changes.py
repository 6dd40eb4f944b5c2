"""What a comparison reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from topicwire.types import Direction

Severity: TypeAlias = Literal["breaking", "compatible", "cosmetic"]
SEVERITIES: tuple[Severity, ...] = ("breaking", "compatible", "cosmetic")


SchemaRule: TypeAlias = Literal[
    "property-added", "property-removed", "property-required", "property-optional",
    "value-added", "value-removed", "union-member-added", "union-member-removed",
    "type", "constraint", "tuple", "other-properties", "message", "rewritten",
    "default-added", "default-removed", "default-changed", "type-renamed", "documentation",
]  # fmt: skip
RouteRule: TypeAlias = Literal[
    "route-added", "route-removed", "route-renamed", "operation-added", "operation-removed",
    "told-added", "told-removed", "reply-added", "reply-removed",
]  # fmt: skip
DeliveryRule: TypeAlias = Literal[
    "policy-stronger", "policy-weaker", "key-finer", "key-changed", "mark-added", "mark-changed",
    "queue-shortened", "queue-lengthened", "rate-raised", "rate-lowered",
    "replay-added", "replay-removed", "replay-shortened", "replay-lengthened",
    "snapshot-added", "snapshot-removed", "silence-lengthened", "silence-shortened",
    "wildcards-added", "wildcards-removed",
]  # fmt: skip
ConnectionRule: TypeAlias = Literal[
    "content-type", "address", "host",
    "auth-added", "auth-removed", "auth-way-added", "auth-way-removed",
]  # fmt: skip
Rule: TypeAlias = SchemaRule | RouteRule | DeliveryRule | ConnectionRule
"""Stable names: each is a row of docs/diff.md."""


@dataclass(frozen=True, slots=True)
class Witness:
    """A message that shows what breaks."""

    kind: Literal["refused", "meaning"]
    """`refused`: the document of its sender allows it, the other one does not. `meaning`: both
    allow it, and it means something else."""

    sender: Literal["old client", "new server"]
    message: Any


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two documents, and whom it harms."""

    rule: Rule
    severity: Severity
    route: str
    """The route's name, the new one where it was renamed; "" for the connection and the whole."""

    was: str
    now: str
    why: str
    messages: tuple[str, ...] = ()
    """The messages in which it is, alike in each."""

    direction: Direction | None = None
    path: str = ""
    """Where in the message: `payload.items[].price`; "" for the whole of it."""

    witness: Witness | None = None
    is_certain: bool = True
    """False: neither a proof nor a witness was found, so the worse is assumed."""
