"""What formats say of a string, as patterns: some texts that surely have one, and those that may.

A format is held for a rule, as Pydantic's servers hold it: a client that sends another text is
refused. Where two formats differ, a text of the first that cannot be of the second is a witness.
"""

from __future__ import annotations

from dataclasses import dataclass

_DATE = r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
_SURE_DATE = r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])"
_SURE_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
_OCTET = r"(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"


@dataclass(frozen=True, slots=True)
class Format:
    """A format, between two patterns."""

    surely: str
    """Every text that matches has the format."""

    perhaps: str
    """No other text has it."""


FORMATS = {
    "base64": Format(r"^([A-Za-z0-9]{4})*$", r"^[A-Za-z0-9+/=\s]*$"),
    "base64url": Format(r"^([A-Za-z0-9]{4})*$", r"^[A-Za-z0-9_=\s-]*$"),
    "bigint": Format(r"^-?[1-9][0-9]{0,15}$", r"^[+-]?[0-9]+$"),
    "date": Format(f"^{_SURE_DATE.replace('[0-9]{4}', '20[0-9]{2}')}$", f"^{_DATE}$"),
    "date-time": Format(
        f"^{_SURE_DATE.replace('[0-9]{4}', '20[0-9]{2}')}T{_SURE_TIME}Z$",
        r"^\d{4}-\d\d-\d\d[Tt _]\d\d:\d\d",
    ),
    "decimal": Format(r"^-?[1-9][0-9]{0,8}(\.[0-9]{1,9})?$", r"^[\w.+ -]*$"),
    "duration": Format(r"^PT[1-9][0-9]{0,3}S$", r"^[+-]?P"),
    "email": Format(r"^[a-z]{1,8}@example\.(com|org)$", r"^[^@]+@[^@]+$"),
    "ipv4": Format(rf"^({_OCTET}\.){{3}}{_OCTET}$", r"^[0-9.]+$"),
    "ipv4network": Format(rf"^({_OCTET}\.){{3}}{_OCTET}/32$", r"^[0-9./]+$"),
    "ipv6": Format(r"^::[0-9a-f]{1,4}$", r"^[0-9A-Fa-f:.%a-z0-9]*:[0-9A-Fa-f:.%a-z0-9]*$"),
    "time": Format(f"^{_SURE_TIME}$", r"^\d\d:\d\d"),
    "uri": Format(r"^https://example\.com/[a-z]{0,8}$", r"^[A-Za-z][A-Za-z0-9+.-]*:"),
    "uuid": Format(
        r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$",
        r"^(urn:uuid:)?\{?[0-9A-Fa-f]{8}-?[0-9A-Fa-f]{4}-?[0-9A-Fa-f]{4}-?[0-9A-Fa-f]{4}-?"
        r"[0-9A-Fa-f]{12}\}?$",
    ),
}

WITHOUT_RULE = frozenset({"binary", "byte", "double", "float", "int32", "int64", "password"})
"""Formats that forbid no text and no number."""
