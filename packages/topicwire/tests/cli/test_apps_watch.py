"""`topicwire generate --watch` in a project of several applications."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from packages.topicwire.tests.cli.test_watch import Watched
from packages.topicwire.tests.codegen.several import NAMES, SEPARATE, separate

MODELS = "src/acme/models/market/trades.py"
DOCUMENT = "generated/asyncapi.json"
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


def test_one_alone(project: Watched) -> None:
    with project.watching("--app", "admin"):
        assert project.line().startswith("[admin] watching services/admin/src: routers")
        assert project.line().startswith("[admin] wrote ")
    assert not (project.root / "services/trading" / DOCUMENT).exists()
