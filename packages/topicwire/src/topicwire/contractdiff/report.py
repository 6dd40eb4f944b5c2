"""A comparison for people, a line each change, and for machines."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from topicwire.contractdiff.changes import SEVERITIES, Change, Severity
from topicwire.contractdiff.compare import Comparison
from topicwire.contractdiff.operations import CONNECTION

FORMAT = 1
"""Of the JSON report: higher when what reads it may have to change."""

Style = Callable[[str, str], str]

_COLOURS: dict[Severity, str] = {"breaking": "red", "compatible": "green", "cosmetic": "dim"}
_HEADS = {CONNECTION: "the connection"}


def as_text(comparison: Comparison, style: Style = lambda text, _: text) -> str:
    """Return the report for people: by route, what breaks first.

    Args:
        comparison: what is reported.
        style: gives a text a colour: `red`, `green` or `dim`.
    """
    lines: list[str] = []
    for route in dict.fromkeys(one.route for one in comparison.changes):
        lines.append(_HEADS.get(route, route))
        mine = [one for one in comparison.changes if one.route == route]
        for severity in SEVERITIES:
            for one in mine:
                if one.severity == severity:
                    lines += _lines(one, style)
    return "\n".join([*lines, _summary(comparison)])


def as_json(comparison: Comparison, *, old: str, new: str, holds: bool) -> dict[str, Any]:
    """Return the report for machines, whose form docs/diff.md describes.

    Args:
        comparison: what is reported.
        old: where the old document came from.
        new: where the new one did.
        holds: whether what was asked for holds.
    """
    return {
        "format": FORMAT,
        "ok": holds,
        "old": old,
        "new": new,
        "summary": comparison.counts(),
        "changes": [_object(one) for one in comparison.changes],
    }


def _lines(one: Change, style: Style) -> Iterator[str]:
    where = ", ".join(one.messages)
    place = " ".join(part for part in (where, one.path) if part)
    what = _what(one)
    head = style(f"{one.severity:<10}", _COLOURS[one.severity])
    yield f"  {head}  {place}{': ' if place else ''}{what}: {one.why}"
    if one.witness is not None:
        message = json.dumps(one.witness.message, ensure_ascii=False)
        yield f"  {'':<10}  {style(f'{one.witness.sender} sends {message}', 'dim')}"


def _what(one: Change) -> str:
    if one.was and one.now:
        return f"{one.was} → {one.now} [{one.rule}]"
    return f"{one.was or one.now} [{one.rule}]" if one.was or one.now else f"[{one.rule}]"


def _summary(comparison: Comparison) -> str:
    if not comparison.changes:
        return "No change."
    return ", ".join(f"{count} {severity}" for severity, count in comparison.counts().items())


def _object(one: Change) -> dict[str, Any]:
    witness = one.witness
    return {
        "severity": one.severity,
        "rule": one.rule,
        "certain": one.is_certain,
        "route": one.route or None,
        "messages": list(one.messages),
        "direction": one.direction,
        "path": one.path,
        "was": one.was or None,
        "now": one.now or None,
        "why": one.why,
        "witness": None
        if witness is None
        else {"kind": witness.kind, "sender": witness.sender, "message": witness.message},
    }
