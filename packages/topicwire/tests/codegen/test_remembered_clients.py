"""What a record of a generated client is believed in: never more than a check that has none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from packages.topicwire.tests.codegen import remembered_clients_app as app
from packages.topicwire.tests.codegen.remembered_clients_app import CHANGING, HARMLESS, LANGUAGES
from pydantic import BaseModel

from topicwire import FastWSAdapter, WsRouter

TOPICWIRE = Path(sys.executable).with_name("topicwire")
BY_CHANCE = 80


class Ask(BaseModel):
    symbol: str


class Tick(BaseModel):
    price: float
    at: datetime


def populate(root: Path) -> Path:
    """Write a project that has a document and settings for both clients."""
    (root / app.DOCUMENT).parent.mkdir(parents=True)
    (root / "pyproject.toml").write_text(app.PYPROJECT, encoding="utf-8")
    ws = FastWSAdapter(title="Acme", version="1.0.0")
    ws.include_router(WsRouter[Ask, Tick](route="ticks"))
    (root / app.DOCUMENT).write_text(json.dumps(ws.asyncapi(), indent=2), encoding="utf-8")
    (root / "page/client").mkdir(parents=True)
    (root / "page/client/mine.ts").write_text("export const mine = 1\n", encoding="utf-8")
    return root


def run(root: Path, *arguments: str, code: int = 0) -> str:
    done = subprocess.run(
        [TOPICWIRE, *arguments], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """By case: whether the record held before and while it was so."""
    root = populate(tmp_path_factory.mktemp("remembered") / "project")
    done = subprocess.run(
        [sys.executable, app.__file__, str(BY_CHANCE)], cwd=root,
        env=os.environ | {"PYTHONSAFEPATH": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    result: dict[str, dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return result


@pytest.mark.parametrize("case", [f"{one}: {name}" for one in LANGUAGES for name in CHANGING[one]])
def test_a_record_is_worth_nothing_when_the_client_may_be_stale(
    found: dict[str, dict[str, Any]], case: str
) -> None:
    assert found["cases"][case] == [True, False]


@pytest.mark.parametrize("case", [f"{one}: {name}" for one in LANGUAGES for name in HARMLESS[one]])
def test_a_record_holds_whatever_else_changes(found: dict[str, dict[str, Any]], case: str) -> None:
    assert found["cases"][case] == [True, True]


def test_what_a_record_calls_fresh_is_fresh_when_it_is_made_anew(
    found: dict[str, dict[str, Any]],
) -> None:
    of_chance = found["chance"]
    assert len(of_chance) >= BY_CHANCE
    assert not [case for case, is_fresh in of_chance.items() if is_fresh is False]
    # Neither always nor never.
    assert {True, None} == set(of_chance.values())


def test_what_was_written_is_fresh_at_once_and_what_is_made_of_another_document_is_not(
    tmp_path: Path,
) -> None:
    root = populate(tmp_path / "project")
    for language in LANGUAGES:
        command = ("client", language)
        run(root, *command)
        assert app.QUICK in run(root, *command, "--check")
        assert app.QUICK not in run(root, *command, "--check", "--anew")
        quick = json.loads(run(root, *command, "--check", "--json"))
        whole = json.loads(run(root, *command, "--check", "--json", "--anew"))
        assert {**quick, "ms": 0} == {**whole, "ms": 0}
    document = root / app.DOCUMENT
    before = document.read_text("utf-8")
    other = json.loads(before)
    other["components"]["schemas"]["Tick"]["properties"]["price"]["type"] = "string"
    document.write_text(json.dumps(other, indent=2), encoding="utf-8")
    for language in LANGUAGES:
        assert "differs" in run(root, "client", language, "--check", code=1)
    document.write_text(before, encoding="utf-8")
    for language in LANGUAGES:
        assert app.QUICK in run(root, "client", language, "--check")


def test_options_are_remembered_each(tmp_path: Path) -> None:
    root = populate(tmp_path / "project")
    other = ("client", "typescript", "--types", "other/types", "--client", "other")
    for command in (("client", "typescript"), other):
        run(root, *command)
        assert app.QUICK in run(root, *command, "--check")
    assert app.QUICK in run(root, "client", "typescript", "--check")
    scalars = root / "scalars.toml"
    scalars.write_text('date-time = {type = "Date", decode = "of", encode = "String"}\n')
    mapped = ("client", "typescript", "--scalars", "scalars.toml")
    run(root, *mapped, "--check", code=1)
    run(root, *mapped)
    assert app.QUICK in run(root, *mapped, "--check")
    scalars.write_text('date-time = {type = "Other", decode = "of", encode = "String"}\n')
    assert "differs" in run(root, *mapped, "--check", code=1)


def test_nothing_is_remembered_where_there_is_no_project(tmp_path: Path) -> None:
    root = populate(tmp_path / "project")
    (root / "pyproject.toml").unlink()
    alone = ("client", "python", "--document", str(app.DOCUMENT), "--folder", "python")
    run(root, *alone)
    assert app.QUICK not in run(root, *alone, "--check")
    assert not (root / ".topicwire_cache").exists()
