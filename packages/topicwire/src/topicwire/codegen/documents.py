"""Documents that are read: from a file, or from a running server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from topicwire.asyncapi.contract import check_ours
from topicwire.asyncapi.errors import DocumentError
from topicwire.asyncapi.validate import validate

_TIMEOUT_S = 10.0


def read_our_document(source: str) -> Any:
    """Return a right document of Topicwire at a path, or at an http(s) address.

    Raises:
        DocumentError: there is none, it is of something else or of a newer version, or it is
            broken: the message says which, and what to do.
    """
    document = read_document(source)
    try:
        check_ours(document)
        validate(document)
    except DocumentError as exc:
        raise DocumentError(f"{source}: {exc}") from exc
    return document


def read_document(source: str) -> Any:
    """Return the JSON document at a path, or at an http(s) address.

    Raises:
        DocumentError: there is none, or it is not JSON: the message says what to do.
    """
    if source.startswith(("http://", "https://")):
        return _parsed(_fetched(source), source)
    try:
        return _parsed(Path(source).read_bytes(), source)
    except OSError as exc:
        raise DocumentError(
            f"{source}: the AsyncAPI document cannot be read ({exc.strerror}). Write it from the "
            "application's source with `topicwire spec` (`make generate` in backend/): no server "
            "is needed."
        ) from exc


def text_of(source: str) -> str | None:
    """Return the text of a document at a path that was read; None of one at an address."""
    if source.startswith(("http://", "https://")):
        return None
    return Path(source).read_text(encoding="utf-8")


def _fetched(address: str) -> bytes:
    from http.client import HTTPException  # noqa: PLC0415 - start-up time
    from urllib.error import HTTPError  # noqa: PLC0415
    from urllib.request import Request, urlopen  # noqa: PLC0415

    try:
        request = Request(address, headers={"Accept": "application/json"})  # noqa: S310 (http alone)
        with urlopen(request, timeout=_TIMEOUT_S) as response:  # noqa: S310
            content: bytes = response.read()
            return content
    except (OSError, HTTPException, ValueError) as exc:
        if isinstance(exc, HTTPError):
            exc.close()  # it is the response, too
        reason = getattr(exc, "reason", None) if isinstance(exc, OSError) else None
        why = getattr(reason, "strerror", None) or exc
        raise DocumentError(
            f"{address}: the AsyncAPI document cannot be fetched ({why}). Is the server running, "
            "and is this its …/asyncapi.json? Without a server, `topicwire spec` writes the same "
            "document from the application's source."
        ) from exc


def _parsed(content: bytes, source: str) -> Any:
    try:
        return json.loads(content, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as exc:
        if content.lstrip()[:1] == b"<":
            raise DocumentError(
                f"{source}: this is a page (HTML), not the document. A running server has it at "
                "…/asyncapi.json; `topicwire spec` writes it from the application's source."
            ) from exc
        raise DocumentError(
            f"{source}: this is not JSON ({exc}). Export the document with `topicwire spec`."
        ) from exc


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
