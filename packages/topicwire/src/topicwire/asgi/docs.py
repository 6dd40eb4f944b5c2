"""The AsyncAPI document of a running app, and a page that shows it.

The page is the official React component, shipped with the package: it asks nothing of any other
host, and its Content-Security-Policy would not let it.
"""

from __future__ import annotations

import gzip
import hashlib
import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from topicwire.asyncapi.document import ServerAddress, build, dumps

if TYPE_CHECKING:
    from topicwire.asgi.adapter import FastWSAdapter
    from topicwire.routing.operations import Operation

_YEAR = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"
_HOST = re.compile(r"[A-Za-z0-9._\-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")
_MAX_ADDRESSES = 32  # distinct Host headers whose document is kept

# `unsafe-eval` is for the component's own schema validator, which compiles its checks; scripts
# still come from this host alone.
_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'"
)
_SAFETY = {"x-content-type-options": "nosniff", "referrer-policy": "no-referrer"}

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{folder}/asyncapi-react.css?v={react_css}">
<link rel="stylesheet" href="{folder}/asyncapi-page.css?v={page_css}">
</head>
<body>
<main id="asyncapi"><noscript>This page needs JavaScript. The document itself is
<a href="asyncapi.json">asyncapi.json</a>.</noscript></main>
<script src="{folder}/asyncapi-react.js?v={react_js}" defer></script>
<script src="{folder}/asyncapi-page.js?v={page_js}" type="module"></script>
</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class _Asset:
    file: str
    media_type: str
    packed: bool = False
    """Stored as gzip, and sent so to whoever takes it."""


_ASSETS = {
    "asyncapi-react.js": _Asset("asyncapi-react.js.gz", "text/javascript", packed=True),
    "asyncapi-react.css": _Asset("asyncapi-react.css.gz", "text/css", packed=True),
    "asyncapi-page.js": _Asset("asyncapi-page.js", "text/javascript"),
    "asyncapi-page.css": _Asset("asyncapi-page.css", "text/css"),
}


def routes(adapter: FastWSAdapter, path: str) -> list[Route]:
    """Return the routes of the document (`{path}/asyncapi.json`) and of its page.

    The document names the server by the address that the request came to. Both are read-only
    and answer a repeated request with 304.

    Args:
        adapter: its routers are read at each request, so what is registered later is in it.
        path: of the WebSocket endpoint; the page works below any mount.
    """
    base = path.rstrip("/")

    known: list[Operation] = []

    @lru_cache(maxsize=_MAX_ADDRESSES)
    def document(server: ServerAddress) -> bytes:
        return dumps(build(adapter, server)).encode()

    def current_document(server: ServerAddress) -> bytes:
        operations = [one for router in adapter.routers for one in router.operations.values()]
        if operations != known:
            known[:] = operations
            document.cache_clear()
        return document(server)

    # Plain functions: Starlette runs them in a thread, so that updates do not wait for them.
    def asyncapi_json(request: Request) -> Response:
        return _answer(request, current_document(_address(request)), "application/json")

    def asyncapi_page(request: Request) -> Response:
        policy = {"content-security-policy": _POLICY}
        return _answer(request, _page(adapter.title, f"{base}/asyncapi"), "text/html", policy)

    def asset(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in _ASSETS:
            return Response("No such file.", 404, media_type="text/plain")
        return _asset(request, _ASSETS[name])

    def get(suffix: str, endpoint: Callable[[Request], Response], name: str) -> Route:
        return Route(f"{base}{suffix}", endpoint, name=name, include_in_schema=False)

    return [
        get("/asyncapi.json", asyncapi_json, "asyncapi_json"),
        get("/asyncapi", asyncapi_page, "asyncapi_page"),
        get("/asyncapi/{name}", asset, "asyncapi_asset"),
    ]


def _address(request: Request) -> ServerAddress:
    """Return where the request came to. A Host header that is none is not repeated."""
    host = request.headers.get("host", "")
    known = ServerAddress()
    return ServerAddress(
        host=host if _HOST.fullmatch(host) else known.host,
        protocol="wss" if request.url.scheme == "https" else "ws",
        pathname=request.scope.get("root_path", ""),
    )


def _page(title: str, folder: str) -> bytes:
    # Relative to the page's own folder, so that it works below any mount or proxy prefix.
    return _PAGE.format(
        title=html.escape(title),
        folder=folder.rpartition("/")[2],
        react_css=_version("asyncapi-react.css"),
        page_css=_version("asyncapi-page.css"),
        react_js=_version("asyncapi-react.js"),
        page_js=_version("asyncapi-page.js"),
    ).encode()


def _asset(request: Request, asset: _Asset) -> Response:
    content = _stored(asset.file)
    headers = {"cache-control": _YEAR}
    if asset.packed:
        headers["vary"] = "accept-encoding"
        if _takes_gzip(request):
            headers["content-encoding"] = "gzip"
        else:
            content = gzip.decompress(content)
    return _answer(request, content, asset.media_type, headers)


def _takes_gzip(request: Request) -> bool:
    for offer in request.headers.get("accept-encoding", "").lower().split(","):
        coding, _, weight = offer.partition(";")
        if coding.strip() in {"gzip", "*"}:
            return weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False


def _answer(
    request: Request, content: bytes, media_type: str, headers: dict[str, str] | None = None
) -> Response:
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {"cache-control": _ASK_AGAIN, "etag": tag, **_SAFETY, **(headers or {})}
    asked = request.headers.get("if-none-match", "")
    if asked.strip() == "*" or tag in (one.strip().removeprefix("W/") for one in asked.split(",")):
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=media_type, headers=headers)


@cache
def _stored(file: str) -> bytes:
    return (resources.files("topicwire.asgi") / "static" / file).read_bytes()


@cache
def _version(name: str) -> str:
    return hashlib.sha256(_stored(_ASSETS[name].file)).hexdigest()[:12]
