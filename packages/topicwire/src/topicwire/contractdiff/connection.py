"""How a client connects: the address, and who it has to be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from topicwire.asyncapi.pointers import follow
from topicwire.contractdiff.changes import Change, ConnectionRule, Severity
from topicwire.contractdiff.views import shown

_Document = Mapping[str, Any]


def connection_changes(old: _Document, new: _Document) -> Iterator[Change]:
    """Yield what has changed before the first message."""
    yield from _content_type(old, new)
    yield from _address(old, new)
    yield from _server(old, new)
    yield from _security(old, new)


def _change(rule: ConnectionRule, severity: Severity, was: Any, now: Any, why: str) -> Change:
    return Change(rule, severity, "", _text(was), _text(now), why)


def _content_type(old: _Document, new: _Document) -> Iterator[Change]:
    kinds = [one.get("defaultContentType") for one in (old, new)]
    if kinds[0] != kinds[1]:
        yield _change(
            "content-type",
            "breaking",
            kinds[0],
            kinds[1],
            "an old client cannot read the messages, nor the server its",
        )


def _address(old: _Document, new: _Document) -> Iterator[Change]:
    pair = tuple(
        next((one.get("address") for one in each.get("channels", {}).values()), None)
        for each in (old, new)
    )
    if pair[0] != pair[1]:
        yield _change(
            "address", "breaking", pair[0], pair[1], "an old client connects where nothing is"
        )


def _server(old: _Document, new: _Document) -> Iterator[Change]:
    was, now = _served(old), _served(new)
    if was.get("host") != now.get("host"):
        # Where a document was exported from: the same server has many.
        yield _change(
            "host",
            "cosmetic",
            _url(was),
            _url(now),
            "the documents are of two hosts; clients are told theirs",
        )
        return
    if was.get("protocol") != now.get("protocol") or was.get("pathname") != now.get("pathname"):
        yield _change(
            "address", "breaking", _url(was), _url(now), "an old client connects where nothing is"
        )


def _served(document: _Document) -> Mapping[str, Any]:
    servers: Mapping[str, Mapping[str, Any]] = document.get("servers", {})
    return next(iter(servers.values()), {})


def _url(server: Mapping[str, Any]) -> str:
    return f"{server.get('protocol')}://{server.get('host')}{server.get('pathname', '')}"


def _security(old: _Document, new: _Document) -> Iterator[Change]:
    was, now = _schemes(old), _schemes(new)
    if not was and now:
        yield _change(
            "auth-added",
            "breaking",
            None,
            ", ".join(now),
            "the server refuses an old client, which does not say who it is",
        )
        return
    if was and not now:
        yield _change(
            "auth-removed",
            "compatible",
            ", ".join(was),
            None,
            "everybody is let in, an old client with its token too",
        )
        return
    for name in was.keys() - now.keys():
        yield _change(
            "auth-way-removed",
            "breaking",
            name,
            None,
            "an old client that says who it is in this way is refused",
        )
    for name in now.keys() - was.keys():
        yield _change("auth-way-added", "compatible", None, name, "one more way to say who one is")
    for name in was.keys() & now.keys():
        if was[name] != now[name]:
            yield _change(
                "auth-way-removed",
                "breaking",
                was[name],
                now[name],
                "an old client says who it is in the way that was",
            )


def _schemes(document: _Document) -> dict[str, Mapping[str, Any]]:
    """Return the ways to say who one is, by name, without what is told to readers."""
    server = _served(document)
    found: dict[str, Mapping[str, Any]] = {}
    for one in server.get("security", ()):
        name = str(one.get("$ref", one.get("type", ""))).rpartition("/")[2]
        scheme = follow(document, one)
        found[name] = {key: value for key, value in scheme.items() if key != "description"}
    return dict(sorted(found.items()))


def _text(value: Any) -> str:
    return "none" if value is None else value if isinstance(value, str) else shown(value)
