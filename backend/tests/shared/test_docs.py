from __future__ import annotations

import gzip
import re

import httpx
import pytest
from backend.tests.conftest import SETTINGS
from fastapi import FastAPI

from trading_api.app_factory import create_app

DOCS = "/api/v1/docs"


@pytest.fixture
def app() -> FastAPI:
    return create_app([], settings=SETTINGS)[0]


async def get(app: FastAPI, path: str, coding: str = "identity") -> httpx.Response:
    transport = httpx.ASGITransport(app)
    headers = {"accept-encoding": coding}
    async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
        return await client.get(path, headers=headers)


async def loaded(app: FastAPI) -> list[str]:
    page = await get(app, DOCS)
    return re.findall(r'(?:src|href)="([^"]*)"', page.text)


async def test_the_page_names_no_other_host(app: FastAPI) -> None:
    page = await get(app, DOCS)
    assert page.status_code == 200
    assert "text/html" in page.headers["content-type"]
    assert "//" not in re.sub(r"<!--.*?-->", "", page.text)
    assert "url: 'openapi.json'" in page.text
    assert '"validatorUrl": null' in page.text
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self' 'sha256-")
    assert "http" not in policy


async def test_what_the_page_loads_is_there(app: FastAPI) -> None:
    addresses = await loaded(app)
    assert len(addresses) == 3
    for address in addresses:
        answer = await get(app, f"/api/v1/{address}")
        assert answer.status_code == 200, address
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.content


@pytest.mark.parametrize("coding", ["gzip", "br;q=1.0, gzip"])
async def test_the_script_is_sent_as_it_is_stored(app: FastAPI, coding: str) -> None:
    address = f"{DOCS}/swagger-ui-bundle.js"
    packed = await get(app, address, coding)
    plain = await get(app, address)
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.content == plain.content
    assert int(packed.headers["content-length"]) < len(gzip.compress(plain.content, 6)) * 1.1
    assert packed.headers["vary"] == plain.headers["vary"] == "accept-encoding"


async def test_gzip_that_is_refused_is_not_sent(app: FastAPI) -> None:
    answer = await get(app, f"{DOCS}/swagger-ui.css", "gzip;q=0")
    assert "content-encoding" not in answer.headers


@pytest.mark.parametrize("name", ["LICENSE", "..%2f..%2fmain.py", "swagger-ui-bundle.js.gz"])
async def test_nothing_else_is_served(app: FastAPI, name: str) -> None:
    assert (await get(app, f"{DOCS}/{name}")).status_code == 404
