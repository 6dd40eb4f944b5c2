"""The document and its page, over HTTP. The page in a browser: e2e/tests/asyncapi.test.ts."""

from __future__ import annotations

import gzip
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from packages.topicwire.tests.corpus.models import Plain
from packages.topicwire.tests.corpus.routes import ListenRequest, adapter_of
from starlette.applications import Starlette
from starlette.routing import Mount

from topicwire.asgi.adapter import FastWSAdapter
from topicwire.asyncapi.document import ServerAddress, build, dumps
from topicwire.routing.router import WsRouter

PAGE = "/api/v1/ws/asyncapi"
DOCUMENT = "/api/v1/ws/asyncapi.json"
STATIC = Path(__file__).parents[2] / "src/topicwire/asgi/static"
SOURCES = Path(__file__).parents[4] / "node_modules/@asyncapi/react-component"


@pytest.fixture
def adapter() -> FastWSAdapter:
    return adapter_of({"plain": (ListenRequest, Plain)}, title='Quotes & <"more">')


@pytest.fixture(params=["starlette", "fastapi", "mounted"])
def app(request: pytest.FixtureRequest, adapter: FastWSAdapter) -> Starlette:
    app: Starlette = FastAPI() if request.param == "fastapi" else Starlette()
    adapter.setup(app)
    if request.param == "mounted":
        return Starlette(routes=[Mount("/sub", app)])
    return app


@pytest.fixture
async def client(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    mounted = any(isinstance(route, Mount) for route in app.routes)
    transport = httpx.ASGITransport(app)
    base = "http://example.test:1234" + ("/sub" if mounted else "")
    async with httpx.AsyncClient(transport=transport, base_url=base) as made:
        yield made


async def test_the_document_is_that_of_the_app_at_the_address_of_the_request(
    client: httpx.AsyncClient, adapter: FastWSAdapter
) -> None:
    """checklist 36"""
    answer = await client.get(DOCUMENT)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    pathname = "/sub" if "/sub/" in str(answer.url) else ""
    address = ServerAddress(host="example.test:1234", pathname=pathname)
    assert answer.text == dumps(build(adapter, address))


async def test_the_page_loads_what_this_app_serves_and_nothing_else(
    client: httpx.AsyncClient,
) -> None:
    """checklist 36"""
    answer = await client.get(PAGE)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "<title>Quotes &amp; &lt;&quot;more&quot;&gt;</title>" in answer.text
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "http" not in policy
    found = re.findall(r'(?:src|href)="([^"]*)"', answer.text)
    links = [link for link in found if link not in {"data:,", "asyncapi.json"}]
    assert len(links) == 4
    for link in links:
        assert not link.startswith(("http", "/"))
        asset = await client.get(answer.url.join(link))
        assert asset.status_code == 200
        assert "immutable" in asset.headers["cache-control"]
        assert asset.headers["content-type"].startswith(("text/javascript", "text/css"))


async def test_what_has_not_changed_is_not_sent_again(client: httpx.AsyncClient) -> None:
    for path in (DOCUMENT, PAGE, f"{PAGE}/asyncapi-page.js"):
        tag = (await client.get(path)).headers["etag"]
        for asked in (tag, f'"other", W/{tag}', "*"):
            again = await client.get(path, headers={"if-none-match": asked})
            assert (again.status_code, again.content) == (304, b"")
        other = await client.get(path, headers={"if-none-match": '"other"'})
        assert other.status_code == 200


async def test_the_bundle_is_sent_as_it_is_stored_to_whoever_takes_gzip(
    client: httpx.AsyncClient,
) -> None:
    path = f"{PAGE}/asyncapi-react.js"
    packed = await client.get(path, headers={"accept-encoding": "br, gzip;q=0.5"})
    plain = await client.get(path, headers={"accept-encoding": "gzip;q=0, identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < 700_000
    assert "content-encoding" not in plain.headers
    assert packed.content == plain.content
    assert packed.headers["vary"] == "accept-encoding"
    assert packed.headers["etag"] != plain.headers["etag"]


async def test_only_the_page_s_own_files_are_served(client: httpx.AsyncClient) -> None:
    for name in ("LICENSE", "README.md", "..%2fdocs.py", "nothing.js"):
        assert (await client.get(f"{PAGE}/{name}")).status_code == 404
    assert (await client.post(PAGE)).status_code == 405


async def test_a_host_header_that_is_none_is_not_repeated(client: httpx.AsyncClient) -> None:
    for host in ('evil"><script>', "a b", "host:port"):
        answer = await client.get(DOCUMENT, headers={"host": host})
        assert answer.json()["servers"]["ws"]["host"] == "localhost:8000"


async def test_what_is_registered_later_is_in_the_document() -> None:
    app = Starlette()
    router = WsRouter[ListenRequest, Plain](route="plain")
    adapter = FastWSAdapter(title="Later", version="1")
    adapter.include_router(router)
    adapter.setup(app)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="https://later.test") as client:
        before = (await client.get(DOCUMENT)).json()
        adapter.include_router(WsRouter[ListenRequest, Plain](route="later"))
        after = (await client.get(DOCUMENT)).json()

        @router.send("poke")
        def poke() -> None:
            """Do nothing."""

        last = (await client.get(DOCUMENT)).json()
    assert "later" not in before["channels"]
    assert "later" in after["channels"]
    assert "plain.poke" not in after["operations"]
    assert "plain.poke" in last["operations"]
    assert after["servers"]["ws"] == {"host": "later.test", "protocol": "wss"}


@pytest.mark.parametrize(
    ("stored", "published"),
    [
        ("asyncapi-react.js.gz", "browser/standalone/index.js"),
        ("asyncapi-react.css.gz", "styles/default.min.css"),
        ("LICENSE", "LICENSE"),
        ("asyncapi-react.js.LICENSE.txt", "browser/standalone/index.js.LICENSE.txt"),
    ],
)
def test_what_is_shipped_is_what_was_published(stored: str, published: str) -> None:
    content = (STATIC / stored).read_bytes()
    content = gzip.decompress(content) if stored.endswith(".gz") else content
    assert content == (SOURCES / published).read_bytes()
