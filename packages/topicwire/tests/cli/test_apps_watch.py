"""`topicwire generate --watch` in a project of several applications."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from packages.topicwire.tests.cli.watched import Watched
from packages.topicwire.tests.codegen.several import NAMES, SEPARATE, separate

MODELS = "src/acme/models/market/trades.py"
DOCUMENT = "generated/asyncapi.json"
IMPORTS = "from acme.modules.trading.ws import trade_router\n"
INCLUDES = "ws.include_router(trade_router)\n"
ALONE = SEPARATE.partition('[[tool.topicwire.app]]\nname = "admin"')[0]


@pytest.fixture
def project(tmp_path: Path) -> Watched:
    return Watched(separate(tmp_path / "project").root)


def until(project: Watched, app: str, event: str) -> dict[str, Any]:
    """The next event of this kind of an application; those of others may come between."""
    while (told := project.event())["app"] != app or told["event"] != event:
        pass
    return told


def is_well(project: Watched, app: str) -> bool:
    """What the application's own state file says."""
    state: dict[str, Any] = json.loads(project.read(f".topicwire_cache/{app}/watch.json"))
    return state["errors"] == [] and state["ok"] is True


def test_each_is_followed_and_fails_by_itself(project: Watched) -> None:
    with project.watching("--json"):
        left = {*NAMES}
        while left:
            event = project.event()
            if event["event"] == "generated":
                left.remove(event["app"])
                assert f"services/{event['app']}/{DOCUMENT}" in event["written"]

        path = f"services/admin/{MODELS}"
        project.edit(path, "price: float", "price: Nothing")
        failed = until(project, "admin", "failed")
        assert failed["errors"][0]["path"] == path
        assert not is_well(project, "admin")
        assert is_well(project, "trading")

        other = f"services/trading/{MODELS}"
        project.edit(other, "price: float", "price: int")
        assert until(project, "trading", "generated")["changed"] == [other]

        project.edit(path, "price: Nothing", "price: str")
        cured = until(project, "admin", "generated")
        assert cured["cured"] is True
        assert f"services/admin/{DOCUMENT}" in cured["written"]


def test_which_applications_there_are_is_followed_too(project: Watched) -> None:
    project.write("pyproject.toml", ALONE)
    with project.watching("--json"):
        until(project, "trading", "generated")
        project.replaced("pyproject.toml", SEPARATE)
        until(project, "admin", "generated")
        assert (project.root / "services/admin" / DOCUMENT).is_file()

        # A file of routes that goes takes its routers along, from all that is generated.
        with_routes = Path("services/trading/src/acme/modules/trading")
        main = project.read("services/trading/src/acme/main.py")
        for line in (IMPORTS, INCLUDES):
            assert line in main
            main = main.replace(line, "")
        project.replaced("services/trading/src/acme/main.py", main)
        (project.root / with_routes / "ws.py").unlink()
        while not (gone := until(project, "trading", "generated"))["removed"]:
            pass
        router = f"{with_routes.as_posix()}/ws_generated/tradewsrouter.py"
        assert router in gone["removed"]
        assert not (project.root / router).exists()
        assert '"trades"' not in project.read("services/trading/generated/asyncapi.json")
        assert "trades" not in project.read("services/trading/page/client/index.ts")

        # An application that is taken out while something is wrong with it is wrong no more, and
        # what it was made into stays: it is somebody's to keep or to remove.
        project.edit(f"services/admin/{MODELS}", "price: float", "price: Nothing")
        until(project, "admin", "failed")
        project.replaced("pyproject.toml", ALONE)
        until(project, "admin", "left")
        assert not (project.root / ".topicwire_cache/admin/watch.json").exists()
        assert (project.root / "services/admin" / DOCUMENT).is_file()
        project.edit(f"services/admin/{MODELS}", "price: Nothing", "price: str")
        project.edit(f"services/trading/{MODELS}", "price: float", "price: int")
        assert project.event()["app"] == "trading"


def test_one_alone(project: Watched) -> None:
    with project.watching("--app", "admin"):
        assert project.line().startswith("[admin] watching services/admin/src: routers")
        assert project.line().startswith("[admin] wrote ")
    assert not (project.root / "services/trading" / DOCUMENT).exists()
