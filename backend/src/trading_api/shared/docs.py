"""The page that shows the REST interface: Swagger UI, shipped, so that it needs no other host."""

import base64
import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources

from fastapi import FastAPI, Request, Response
from fastapi.openapi.docs import get_swagger_ui_html

_STATIC = "static/swagger-ui"
_YEAR = "public, max-age=31536000, immutable"
_SCRIPT = re.compile(rb"<script>(.*?)</script>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Asset:
    media_type: str
    packed: bool = False
    """Stored as gzip, and sent so to whoever takes it."""


_ASSETS = {
    "swagger-ui-bundle.js": _Asset("text/javascript", packed=True),
    "swagger-ui.css": _Asset("text/css", packed=True),
    "favicon-32x32.png": _Asset("image/png"),
}


def install_docs(app: FastAPI, path: str) -> None:
    """Serve the page at `path`, and what it loads below that.

    The page asks nothing of any other host, and its Content-Security-Policy would not let it. It
    reads `openapi.json` beside it, and works below any mount.
    """
    folder = path.rpartition("/")[2]

    # Plain functions: FastAPI runs them in a thread, so that updates do not wait for them.
    @app.get(path, include_in_schema=False)
    def rest_docs() -> Response:
        page = get_swagger_ui_html(
            openapi_url="openapi.json",
            title=app.title,
            swagger_js_url=_address(folder, "swagger-ui-bundle.js"),
            swagger_css_url=_address(folder, "swagger-ui.css"),
            swagger_favicon_url=_address(folder, "favicon-32x32.png"),
            # Else it shows the document to a service of its makers.
            swagger_ui_parameters={"validatorUrl": None},
        )
        page.headers["content-security-policy"] = _policy(bytes(page.body))
        page.headers["x-content-type-options"] = "nosniff"
        return page

    @app.get(f"{path}/{{name}}", include_in_schema=False)
    def rest_docs_asset(name: str, request: Request) -> Response:
        if name not in _ASSETS:
            return Response("No such file.", 404, media_type="text/plain")
        return _answer(request, name, _ASSETS[name])


def _address(folder: str, name: str) -> str:
    """Relative, and another one for another content: it may be kept for good."""
    return f"{folder}/{name}?v={hashlib.sha256(_stored(name)).hexdigest()[:12]}"


def _policy(page: bytes) -> str:
    """Scripts of this host, and the page's own by its hash."""
    digests = (hashlib.sha256(script).digest() for script in _SCRIPT.findall(page))
    own = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
    return (
        f"default-src 'none'; script-src 'self' {own}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'self'"
    )


def _answer(request: Request, name: str, asset: _Asset) -> Response:
    content = _stored(name)
    headers = {"cache-control": _YEAR, "x-content-type-options": "nosniff"}
    if asset.packed:
        headers["vary"] = "accept-encoding"
        offered = request.headers.get("accept-encoding", "").lower().replace(" ", "")
        if "gzip" in offered.split(","):
            headers["content-encoding"] = "gzip"
        else:
            content = gzip.decompress(content)
    return Response(content, media_type=asset.media_type, headers=headers)


@cache
def _stored(name: str) -> bytes:
    file = f"{name}.gz" if _ASSETS[name].packed else name
    return (resources.files("trading_api") / _STATIC / file).read_bytes()
