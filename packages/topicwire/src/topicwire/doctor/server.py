"""Faults of a server that runs: its document, and whether it is this application's."""

from __future__ import annotations

from collections.abc import Iterator

from topicwire.asyncapi.document import build
from topicwire.asyncapi.errors import DocumentError
from topicwire.codegen.application import Application
from topicwire.codegen.documents import read_document
from topicwire.doctor.finding import Finding

_SUFFIX = "/asyncapi.json"


def reachable(url: str, application: Application | None) -> Iterator[Finding]:
    """A document that a server does not give, or that is not this application's.

    Args:
        url: of the server, of its WebSocket or of its document.
        application: None where it cannot be made.
    """
    address = document_address(url, application)
    try:
        served = read_document(address)
    except DocumentError as error:
        yield Finding(
            "reachable",
            address,
            str(error).removeprefix(f"{address}: "),
            "Start the server, or correct --url: the document is at the WebSocket's path and "
            f"{_SUFFIX}.",
        )
        return
    if not isinstance(served, dict) or "x-topicwire" not in served:
        yield Finding("reachable", address, "this is no document of Topicwire's.", "Correct --url.")
        return
    if application is None:
        return
    here = build(application.adapter)
    routes = {name for name in here["channels"] if name != "connection"}
    missing = sorted(routes - served.get("channels", {}).keys())
    if missing:
        yield Finding(
            "reachable",
            address,
            f"the server does not serve {', '.join(missing)}, which the source has.",
            "Restart it: it runs older code.",
        )
    elif {**served, "servers": {}} != {**here, "servers": {}}:
        yield Finding(
            "reachable",
            address,
            "the server's document differs from that of the source.",
            "Restart it: it runs other code.",
        )


def document_address(url: str, application: Application | None) -> str:
    """Return where a server has its document, whichever of its addresses `url` is."""
    plain = url.rstrip("/").replace("ws://", "http://", 1).replace("wss://", "https://", 1)
    if "://" not in plain:
        plain = f"http://{plain}"
    if plain.endswith(_SUFFIX):
        return plain
    path = application.adapter.path if application is not None else "/api/v1/ws"
    return f"{plain}{_SUFFIX}" if plain.endswith(path) else f"{plain}{path.rstrip('/')}{_SUFFIX}"
