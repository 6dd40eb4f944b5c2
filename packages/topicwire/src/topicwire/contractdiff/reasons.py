"""Why a difference harms somebody, or nobody: one sentence for each rule and direction."""

from __future__ import annotations

from topicwire.contractdiff.changes import SchemaRule, Severity
from topicwire.types import Direction

_SERVER: dict[str, tuple[str, str]] = {
    # what the client sends: (breaking, compatible)
    "property-added": (
        "an old client does not send it as the server demands",
        "an old client may leave it out",
    ),
    "property-removed": (
        "an old client sends it, and the server refuses it",
        "what an old client sends there is ignored",
    ),
    "property-required": (
        "the server demands it, and an old client may leave it out",
        "an old client always sends it",
    ),
    "property-optional": (
        "the server refuses what an old client may send",
        "it may be left out, and need not be",
    ),
    "value-added": ("the server refuses what an old client sends", "the server takes one more"),
    "value-removed": (
        "an old client may send it, and the server refuses it",
        "an old client cannot have sent it here",
    ),
    "union-member-added": (
        "the server refuses what an old client sends",
        "the server takes one more",
    ),
    "union-member-removed": (
        "an old client may send it, and the server refuses it",
        "what an old client sends there is taken as another member",
    ),
}
_CLIENT: dict[str, tuple[str, str]] = {
    # what the client receives
    "property-added": (
        "an old client was promised that nothing else comes here",
        "an old client ignores what it does not know",
    ),
    "property-removed": (
        "an old client reads it, and it does not come",
        "an old client knows that it may be missing",
    ),
    "property-required": (
        "what comes is not what an old client expects",
        "it always comes now",
    ),
    "property-optional": (
        "an old client relies on it, and it may be missing",
        "an old client does not rely on it",
    ),
    "value-added": (
        "an old client that tells every value apart has no case for it",
        "an old client expects it already",
    ),
    "value-removed": ("what comes is not what an old client expects", "it no longer comes"),
    "union-member-added": (
        "an old client that tells every member apart has no case for it",
        "an old client expects it already",
    ),
    "union-member-removed": ("what comes is not what an old client expects", "it no longer comes"),
}
_OTHERS: dict[Direction, tuple[str, str]] = {
    "to_server": (
        "an old client may send what the server refuses",
        "the server takes all that an old client sends",
    ),
    "to_client": (
        "what may come is not what an old client expects",
        "all that comes is what an old client expects",
    ),
}


def reason(rule: SchemaRule, severity: Severity, direction: Direction) -> str:
    """Return why a difference of a schema is what it is."""
    if severity == "cosmetic":
        return "the same values, written in another way"
    known = _SERVER if direction == "to_server" else _CLIENT
    return known.get(rule, _OTHERS[direction])[0 if severity == "breaking" else 1]
