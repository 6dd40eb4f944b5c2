"""Documents that are read: from a file, or from a running server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from topicwire.asyncapi.errors import DocumentError

_TIMEOUT_S = 10.0


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


def _fetched(address: str) -> bytes:
    request = Request(address, headers={"Accept": "application/json"})  # noqa: S310 (http alone)
    try:
        with urlopen(request, timeout=_TIMEOUT_S) as response:  # noqa: S310
            content: bytes = response.read()
            return content
    except (URLError, TimeoutError) as exc:
        raise DocumentError(
            f"{address}: the AsyncAPI document cannot be fetched ({exc}). Is the server running, "
            "and is this its …/asyncapi.json? Without a server, `topicwire spec` writes the same "
            "document from the application's source."
        ) from exc


def _parsed(content: bytes, source: str) -> Any:
    try:
        return json.loads(content)
    except ValueError as exc:
        raise DocumentError(
            f"{source}: this is not JSON ({exc}). Export the document with `topicwire spec`."
        ) from exc
