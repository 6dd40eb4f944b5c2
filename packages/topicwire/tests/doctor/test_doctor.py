"""`topicwire doctor`: each fault is planted, found by its own check, and its cure is said."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from packages.topicwire.tests import forked
from packages.topicwire.tests.serving import serving
from starlette.applications import Starlette

from topicwire.asgi.adapter import FastWSAdapter
from topicwire.codegen.application import Application
from topicwire.codegen.config import load_config
from topicwire.codegen.version import GENERATOR_VERSION
from topicwire.doctor import application, sources
from topicwire.doctor.finding import Finding
from topicwire.doctor.server import reachable
from topicwire.mock.app import mock_app
from topicwire.routing.router import WsRouter
from topicwire.scaffold.begin import begin
from topicwire.scaffold.project import plan_project

MODULE = "shop/modules/clock"


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("healthy") / "shop"
    begin(plan_project(root, "shop", page=True))
    return root


@pytest.fixture
def shop(healthy: Path, tmp_path: Path) -> Path:
    shutil.copytree(healthy, tmp_path / "shop")
    return tmp_path / "shop"


def doctor(root: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    done = forked.topicwire(root, "doctor", "--json", *arguments)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def found(root: Path, check: Any) -> list[Finding]:
    return list(check(load_config(root)))


def test_a_healthy_project_has_no_finding(shop: Path) -> None:
    code, said = doctor(shop)
    assert (code, said["ok"], said["findings"]) == (0, True, [])
    assert set(said["checks"].values()) == {0}
    done = subprocess.run(
        [sys.executable, "-m", "topicwire.cli", "doctor"],
        cwd=shop,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == len(said["checks"])


def test_a_missing_export_in_the_package_of_models(shop: Path) -> None:
    path = shop / "shop/models/__init__.py"
    path.write_text('"""Every model."""\n')
    (finding,) = [one for one in found(shop, sources.models_exported) if "uses Tick," in one.what]
    assert finding.where == "shop/models/__init__.py"
    assert finding.cure == "Add `from .clock import Tick`, and 'Tick' to __all__."


def test_a_missing_export_where_the_route_imports_it(shop: Path) -> None:
    edit(shop / "shop/models/clock/__init__.py", "import Tick, Tick", "import Tick")
    findings = found(shop, sources.declarations)
    assert any("from .ticks import Tick`" in one.cure for one in findings)
    assert {one.where for one in findings} == {f"{MODULE}/ws.py:10"}


def test_a_mangled_name_in_the_template(shop: Path) -> None:
    path = shop / "shop/shared/ws/generic_route.py"
    path.write_text(path.read_text().replace("_TRequest", "__TRequest"))
    findings = found(shop, sources.declarations)
    assert findings[0].where.startswith("shop/shared/ws/generic_route.py:")
    assert "Rename it to `_TRequest`" in findings[0].cure


def test_a_router_file_that_was_not_generated_again(shop: Path) -> None:
    edit(shop / f"{MODULE}/ws.py", "WsRouter[TickSubscriptionRequest, Tick]",
         "WsRouter[TickSubscriptionRequest, list[Tick]]")  # fmt: skip
    findings = found(shop, sources.fresh_routers)
    assert [one.where for one in findings] == [
        f"{MODULE}/ws_generated/tickwsrouter.py",
    ]
    assert {one.cure for one in findings} == {"Run: topicwire generate"}


def test_a_folder_without_its_init(shop: Path) -> None:
    (shop / f"{MODULE}/__init__.py").unlink()
    (finding,) = found(shop, sources.packages)
    assert (finding.where, finding.check) == (MODULE, "packages")
    assert "__init__.py" in finding.what


def test_a_router_imported_from_another_module(shop: Path) -> None:
    shutil.copytree(shop / MODULE, shop / "shop/modules/other")
    edit(
        shop / "shop/modules/other/ws.py",
        "from .ws_generated",
        f"from {MODULE.replace('/', '.')}.ws_generated",
    )
    (finding,) = found(shop, sources.router_imports)
    assert finding.where == "shop/modules/other/ws.py:12"
    assert finding.cure == "Write: from .ws_generated import TickWsRouter"


@pytest.mark.parametrize("installed", ["0.0.9", GENERATOR_VERSION, None])
def test_a_client_of_another_version(shop: Path, installed: str | None) -> None:
    if installed is None:
        edit(shop / "page/package.json", "@topicwire/client", "left-pad")
    else:
        manifest = shop / "page/node_modules/@topicwire/client/package.json"
        manifest.parent.mkdir(parents=True)
        manifest.write_text(json.dumps({"version": installed}))
    findings = found(shop, sources.client_version)
    if installed == GENERATOR_VERSION:
        assert findings == []
    else:
        assert findings[0].where == "page/package.json"
        assert findings[0].cure.endswith(f"npm install @topicwire/client@{GENERATOR_VERSION}")


def test_a_module_that_is_not_registered(shop: Path) -> None:
    """The whole command: its exit code, and the other checks go on.

    checklist 32
    """
    edit(shop / "shop/modules/__init__.py", "= [ClockModule]", "= []")
    code, said = doctor(shop)
    assert code == 1
    findings = {one["check"]: one for one in said["findings"]}
    assert set(findings) == {"registered", "fresh documents"}
    assert findings["registered"]["where"] == f"{MODULE}/ws.py:10"
    assert "No matching type" in findings["registered"]["what"]
    for more in ((), ("--check",)):  # a check says it again, though the document is fresh
        done = subprocess.run(
            [sys.executable, "-m", "topicwire.cli", "spec", "--json", *more],
            cwd=shop,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, json.loads(done.stdout)["ok"]) == (0, True)
        assert done.stderr.startswith(
            f"note: {MODULE}/ws_generated/tickwsrouter.py: the application includes no such router"
        )


def test_stale_documents(shop: Path) -> None:
    edit(shop / "generated/asyncapi.json", '"ticks"', '"tocks"')
    (shop / "page/src/clients/ws-types-generated/index.ts").unlink()
    table = '\n[tool.topicwire.python]\nfolder = "client"\n'
    (shop / "pyproject.toml").write_text((shop / "pyproject.toml").read_text() + table)
    code, said = doctor(shop)
    assert code == 1
    cures = {one["where"]: one["cure"] for one in said["findings"]}
    assert cures.pop("generated/asyncapi.json") == "Run: topicwire spec"
    types = "page/src/clients/ws-types-generated/index.ts"
    assert cures.pop(types) == "Run: topicwire client typescript"
    assert set(cures.values()) == {"Run: topicwire client python"}
    assert all(path.startswith("client/") for path in cures)


def test_stale_conversions_and_what_no_map_can_tell(shop: Path) -> None:
    """What a scalar map makes is looked at as types are, and what it cannot make is told."""
    settings = (shop / "pyproject.toml").read_text()
    table = (
        "\n[tool.topicwire.typescript.scalars]\n"
        '"date-time" = { type = "Date", decode = "(text) => new Date(text)", '
        'encode = "(date) => date.toISOString()" }\n'
    )
    (shop / "pyproject.toml").write_text(settings + table)
    codecs = "page/src/clients/ws-client-generated/codecs.ts"
    command = "topicwire client typescript"

    def wrong() -> dict[str, tuple[str, str]]:
        return {one["where"]: (one["what"], one["cure"]) for one in doctor(shop)[1]["findings"]}

    assert wrong()[codecs] == ("missing: nothing has written it yet.", f"Run: {command}")
    assert forked.topicwire(shop, *command.split()[1:]).returncode == 0
    (shop / codecs).write_text((shop / codecs).read_text() + "// mine\n")
    assert wrong() == {
        codecs: ("stale: the application's routes or models have changed since.", f"Run: {command}")
    }
    (shop / "pyproject.toml").write_text(settings)
    assert wrong()[codecs] == ("extra: nothing makes it any longer.", f"Run: {command}")

    (shop / "pyproject.toml").write_text(settings + table)
    edit(shop / "shop/models/clock/ticks.py", "time: datetime", "time: datetime | str")
    found = wrong()
    ((where, (what, cure)),) = [one for one in found.items() if "mapped to Date" in one[1][0]]
    assert where.startswith("generated/asyncapi.json:")
    assert "nothing tells such a string from any other string" in what
    assert cure.startswith("Tell them apart by an object with a constant of its own")


def test_an_application_that_cannot_be_made(shop: Path) -> None:
    edit(shop / "shop/app.py", "app = create_app()", "raise RuntimeError('no database')")
    code, said = doctor(shop)
    assert code == 1
    assert [one["check"] for one in said["findings"]] == ["application"]
    assert "RuntimeError: no database" in said["findings"][0]["what"]
    assert said["findings"][0]["where"] == "shop/app.py:28"
    assert said["checks"]["registered"] is None


def test_topics_that_do_not_match(shop: Path) -> None:
    """Of a publisher, and of a service that takes a topic apart."""
    service = shop / f"{MODULE}/service.py"
    edit(
        service,
        "        return asyncio",
        "        zone = topic.split(':')[1]\n        return asyncio",
    )
    (shop / f"{MODULE}/late.py").write_text(
        "def publish(router, zone, tick, topic):\n"
        "    router.publish(topic, tick)\n"
        '    router.publish(\'ticks:{"zone":"UTC"}\', tick)\n'
        '    router.publish(f"ticks:{zone}", tick)\n'
        '    router.publish("news:UTC", tick)\n'
    )
    code, said = doctor(shop)
    assert code == 1
    assert [(one["check"], one["where"]) for one in said["findings"]] == [
        ("topics", f"{MODULE}/late.py:4"),
        ("topics", f"{MODULE}/service.py:24"),
    ]
    assert "'ticks:{\"zone\":…}'" in said["findings"][0]["what"]
    assert "topic_request(topic)" in said["findings"][1]["cure"]


def test_without_an_application_that_is_said(shop: Path) -> None:
    edit(shop / "pyproject.toml", 'app = "shop.app:app"\n', "")
    none, (finding,) = application.loaded(load_config(shop))
    assert none is None
    assert finding.cure == 'Say which: app = "shop.main:app"'


def asked(url: str, made: Application) -> list[Finding]:
    return list(reachable(url, made))


async def test_the_document_of_a_running_server(shop: Path) -> None:
    content = json.loads((shop / "generated/asyncapi.json").read_text())
    adapter = FastWSAdapter(title="other", version="1")
    adapter.include_router(WsRouter[dict[str, int], dict[str, int]](route="other"))
    other = Starlette()
    adapter.setup(other)
    made = Application(adapter)
    async with serving(other) as right, serving(mock_app(content)) as wrong:
        for url in (
            right,
            right.replace("ws://", "http://"),
            right.removesuffix("/api/v1/ws"),
            right.removeprefix("ws://"),
            f"{right.replace('ws', 'http', 1)}/asyncapi.json",
        ):
            assert await asyncio.to_thread(asked, url, made) == []
        (finding,) = await asyncio.to_thread(asked, wrong, made)
        assert "does not serve other" in finding.what
        nowhere = right.replace("/api/v1/ws", "/nowhere/asyncapi.json").replace("ws://", "http://")
        (finding,) = await asyncio.to_thread(asked, nowhere, made)
        assert "cannot be fetched" in finding.what
        assert "correct --url" in finding.cure


def test_a_server_that_is_not_there(shop: Path) -> None:
    code, said = doctor(shop, "--url", "http://127.0.0.1:9")
    assert code == 1
    assert said["findings"][0]["where"] == "http://127.0.0.1:9/api/v1/ws/asyncapi.json"
    assert "cannot be fetched (Connection refused)" in said["findings"][0]["what"]


def test_without_a_project_it_is_wrong_usage(tmp_path: Path) -> None:
    done = forked.topicwire(tmp_path, "doctor", "-C", str(tmp_path))
    assert done.returncode == 2
    assert "no pyproject.toml with a [tool.topicwire]" in done.stderr
    code, said = doctor(tmp_path)
    assert code == 2
    assert "no pyproject.toml with a [tool.topicwire]" in said["errors"][0]["message"]
