"""The commands in a project of several applications: all of them, or one by `--app`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from packages.topicwire.tests import forked
from packages.topicwire.tests.codegen.sample import Sample
from packages.topicwire.tests.codegen.several import NAMES, SEPARATE, separate, shared

COMMANDS = (("generate",), ("spec",), ("client", "typescript"), ("client", "python"))
TRADING = "services/trading"
ADMIN = "services/admin"
ROUTER = "src/acme/modules/trading/ws_generated/tradewsrouter.py"
MODELS = "src/acme/models/market/trades.py"


def topicwire(project: Sample, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = forked.topicwire(project.root, *arguments)
    assert done.returncode == code, done.stdout + done.stderr
    return done


def told(project: Sample, *arguments: str, code: int = 0) -> dict[str, Any]:
    """What it says to machines."""
    said: dict[str, Any] = json.loads(topicwire(project, *arguments, "--json", code=code).stdout)
    assert said["ok"] is (code == 0)
    return said


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = separate(tmp_path_factory.mktemp("apps") / "project")
    for command in COMMANDS:
        topicwire(project, *command)
    return project.root


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Sample:
    """Two services whose packages have one name; all is fresh."""
    shutil.copytree(made, tmp_path / "project", ignore=shutil.ignore_patterns(".topicwire_cache"))
    return Sample(tmp_path / "project")


@pytest.fixture
def common(tmp_path: Path) -> Sample:
    """Two packages with one template; nothing is generated."""
    return shared(tmp_path / "common")


def test_each_is_made_of_its_own_source(project: Sample) -> None:
    for folder, route, other in ((TRADING, "trades", "audits"), (ADMIN, "audits", "trades")):
        document = json.loads(project.read(f"{folder}/generated/asyncapi.json"))
        assert route in document["channels"]
        assert other not in document["channels"]
        client = project.read(f"{folder}/page/client/index.ts")
        assert route in client
        assert other not in client
        manifest = json.loads(project.read(f"{folder}/generated/topicwire.json"))
        assert {"generator", "template", "document", "typescript"} == manifest.keys()
    assert (project.root / TRADING / "python/acme_client/routes.py").is_file()
    assert not (project.root / ADMIN / "python").exists()


def test_generated_files_say_how_theirs_are_made_again(project: Sample) -> None:
    for name in NAMES:
        head = project.read(f"services/{name}/{ROUTER}").splitlines()[0]
        assert head.endswith(f"run `topicwire generate --app {name}`.")


def test_a_second_run_changes_nothing_and_each_is_told_by_its_name(project: Sample) -> None:
    before = project.files()
    for command in COMMANDS:
        done = topicwire(project, *command)
        with_client = NAMES[:1] if command[-1] == "python" else NAMES
        headings = [line for line in done.stdout.splitlines() if line.startswith("[")]
        assert headings == [f"[{name}]" for name in with_client]
        topicwire(project, *command, "--check")
    assert project.files() == before
    # What they were made from is remembered for each.
    project.edit(f"{ADMIN}/{MODELS}", "price: float", "price: int")
    said = topicwire(project, "client", "typescript", "--check")
    assert said.stdout.count("Nothing that the client is made from has changed.") == len(NAMES)
    said = topicwire(project, "spec", "--check", code=1)
    unchanged = "Nothing that the document is made from has changed."
    assert said.stdout.startswith(f"[trading]\n{unchanged}")
    assert said.stdout.count(unchanged) == 1
    assert f"{ADMIN}/generated/asyncapi.json: differs" in said.stderr
    assert "Stale. Run: topicwire spec --app admin" in said.stderr
    assert TRADING not in said.stderr


def test_what_an_application_has_no_settings_for_is_said(project: Sample) -> None:
    done = topicwire(project, "client", "python", "--check")
    assert "admin is left out: its [[tool.topicwire.app]] has no `folder`." in done.stderr
    assert [one["app"] for one in told(project, "client", "python")["apps"]] == ["trading"]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_machines_are_told_which(project: Sample, command: tuple[str, ...]) -> None:
    of_all = told(project, *command, "--check")
    of_one = told(project, *command, "--check", "--app", "trading")
    assert of_all["apps"][0].keys() == of_one.keys()
    assert of_one["app"] == of_all["apps"][0]["app"] == "trading"
    assert "apps" not in of_one


def test_one_alone_leaves_the_other(project: Sample) -> None:
    for name in NAMES:
        project.edit(f"services/{name}/{MODELS}", "price: float", "price: int")
        project.edit(
            f"services/{name}/src/acme/modules/trading/ws.py", '"trading"]', '"one", "two"]'
        )
    before = project.files()
    for command in COMMANDS[:3]:
        topicwire(project, *command, "--app", "admin")
    changed = {path for path, text in project.files().items() if before[path] != text}
    assert changed
    assert all(path.startswith(f"{ADMIN}/") for path in changed)
    assert '"integer"' in project.read(f"{ADMIN}/generated/asyncapi.json")


@pytest.mark.parametrize(
    ("command", "path"),
    [
        (COMMANDS[0], ROUTER),
        (COMMANDS[2], "page/types/index.ts"),
    ],
)
def test_what_is_stale_is_named_with_its_application(
    project: Sample, command: tuple[str, ...], path: str
) -> None:
    (project.root / ADMIN / path).unlink()
    done = topicwire(project, *command, "--check", code=1)
    assert f"{ADMIN}/{path}: missing" in done.stderr
    assert f"Stale. Run: topicwire {' '.join(command)} --app admin" in done.stderr
    assert TRADING not in done.stderr
    trading, admin = told(project, *command, "--check", code=1)["apps"]
    assert (trading["app"], trading["ok"]) == ("trading", True)
    assert (admin["app"], admin["ok"]) == ("admin", False)
    assert [one["path"] for one in admin["stale"]] == [f"{ADMIN}/{path}"]


def test_the_template_of_both_makes_both_stale_and_a_declaration_its_own(common: Sample) -> None:
    topicwire(common, "generate")
    routers = [f"src/{name}/modules/trading/ws_generated/tradewsrouter.py" for name in NAMES]
    for path in routers:
        assert "# Template in common/routes.py" in common.read(path)
    topicwire(common, "generate", "--check")

    common.edit("src/common/routes.py", '"Subscribed"', '"Welcome"')
    done = topicwire(common, "generate", "--check", code=1)
    for name, router in zip(NAMES, routers, strict=True):
        assert f"{router}: differs from what src/{name}/modules/trading/ws.py:7" in done.stderr
        assert f"Stale. Run: topicwire generate --app {name}" in done.stderr
    named = "the template was changed since apps/{}/generated/topicwire.json was made"
    for name in NAMES:
        assert f"src/common/routes.py: {named.format(name)}" in done.stderr
    topicwire(common, "generate")
    topicwire(common, "generate", "--check")

    common.edit("src/admin/modules/trading/ws.py", "TradeRequest, Trade]", "TradeRequest, Client]")
    common.edit("src/admin/modules/trading/ws.py", "import Trade,", "import Client, Trade,")
    trading, admin = told(common, "generate", "--check", code=1)["apps"]
    assert (trading["ok"], trading["stale"]) == (True, [])
    assert routers[1] in [one["path"] for one in admin["stale"]]
    topicwire(common, "generate", "--check", "--app", "trading")


def test_a_mistake_in_one_keeps_the_other_from_nothing(project: Sample) -> None:
    (project.root / ADMIN / ROUTER).unlink()
    (project.root / TRADING / ROUTER).unlink()
    project.edit(f"{TRADING}/src/acme/modules/trading/ws.py", ", Trade]", ", Nothing]")
    done = topicwire(project, "generate", code=2)
    assert f"{TRADING}/src/acme/modules/trading/ws.py:7: error: 'Nothing'" in done.stderr
    assert "Nothing of trading was written." in done.stderr
    assert not (project.root / TRADING / ROUTER).exists()
    assert (project.root / ADMIN / ROUTER).is_file()
    trading, admin = told(project, "generate", "--check", code=2)["apps"]
    assert trading["errors"][0]["path"] == f"{TRADING}/src/acme/modules/trading/ws.py"
    assert (admin["app"], admin["ok"]) == ("admin", True)


def test_an_application_that_cannot_be_imported_does_not_keep_the_other(project: Sample) -> None:
    project.write(f"{TRADING}/src/acme/main.py", "raise RuntimeError('no')\n")
    project.edit(f"{ADMIN}/{MODELS}", "price: float", "price: int")
    trading, admin = told(project, "spec", code=2)["apps"]
    (error,) = trading["errors"]
    assert (error["path"], error["line"]) == (f"{TRADING}/src/acme/main.py", 1)
    assert admin["written"][0] == f"{ADMIN}/generated/asyncapi.json"


@pytest.mark.parametrize(
    "command",
    [
        ("spec", "--openapi", "openapi.json"),
        ("spec", "--output", "document.json"),
        ("client", "typescript", "--types", "types"),
        ("client", "typescript", "--document", "services/admin/generated/asyncapi.json"),
        ("client", "python", "--package", "prices"),
        ("doctor", "--url", "http://127.0.0.1:1"),
        ("doctor", "--subscribe", "trades={}"),
        ("generate", "--watch", "--openapi", "openapi.json"),
    ],
    ids=" ".join,
)
def test_what_is_of_one_is_refused_for_all(project: Sample, command: tuple[str, ...]) -> None:
    before = project.files()
    done = topicwire(project, *command, code=2)
    option = next(one for one in command if one.startswith("--") and one != "--watch")
    assert f"{option} is of one application, and there are" in done.stderr
    assert "Say which: --app trading." in done.stderr
    assert project.files() == before


def test_it_is_taken_for_one(project: Sample) -> None:
    topicwire(project, "spec", "--app", "admin", "--openapi", "openapi.json")
    assert json.loads(project.read("openapi.json"))["info"]["title"] == "Acme"


def test_a_name_that_there_is_not(project: Sample) -> None:
    for command in (*COMMANDS, ("doctor",)):
        (error,) = told(project, *command, "--app", "nobody", code=2)["errors"]
        assert "no application of this name. There are: trading, admin." in error["message"]


def test_settings_that_cannot_be_used_are_told_at_their_line(project: Sample) -> None:
    text = SEPARATE.replace('root = "services/admin"', 'root = "services/trading"')
    project.write("pyproject.toml", text)
    for command in (*COMMANDS, ("doctor",), ("generate", "--watch")):
        done = topicwire(project, *command, code=2)
        assert done.stderr.startswith("pyproject.toml:14: error: `output` of 'admin' is ")
    (error,) = told(project, "generate", code=2)["errors"]
    assert (error["path"], error["line"]) == ("pyproject.toml", 14)
    here = {**os.environ, "TOPICWIRE_PATHS_FROM": ""}
    below = forked.topicwire(project.root / "services", "generate", environment=here)
    assert below.stderr.startswith("../pyproject.toml:14: error: ")


def test_a_route_is_for_one_and_the_other_stays(project: Sample) -> None:
    route = ("new", "route", "--module", "news", "--name", "stories", "--request", "tag:str")
    fields = ("--payload", "title:str")
    (error,) = told(project, *route, *fields, code=2)["errors"]
    assert "Say which: --app trading." in error["message"]
    before = project.files()
    said = told(project, *route, *fields, "--app", "admin")
    assert said["app"] == "admin"
    assert f"{ADMIN}/src/acme/modules/news/ws.py" in said["written"]
    assert f"{ADMIN}/generated/asyncapi.json" in said["generated"] or said["left"]
    after = project.files()
    assert {path for path in before if before[path] != after[path]}
    assert all(path.startswith(f"{ADMIN}/") for path in after if before.get(path) != after[path])
    topicwire(project, "generate", "--check")


def test_the_doctor_looks_at_each(project: Sample) -> None:
    for folder in (TRADING, ADMIN):
        exported = (
            "from .market import Trade, TradeRequest\n\n__all__ = ['Trade', 'TradeRequest']\n"
        )
        project.write(f"{folder}/src/acme/models/__init__.py", exported)
    (project.root / ADMIN / "src/acme/modules/trading/__init__.py").unlink()
    trading, admin = told(project, "doctor", code=1)["apps"]
    assert (trading["app"], trading["findings"]) == ("trading", [])
    assert (admin["app"], [one["check"] for one in admin["findings"]]) == ("admin", ["packages"])
    assert admin["findings"][0]["where"].startswith(f"{ADMIN}/src/acme/modules/trading")


def test_a_project_with_one_table_says_nothing_of_applications(tmp_path: Path) -> None:
    alone = Sample(tmp_path / "alone").populate()
    assert "app" not in told(alone, "generate")
    assert "apps" not in told(alone, "generate", "--check")
    (error,) = told(alone, "generate", "--app", "trading", code=2)["errors"]
    assert "has no name. Leave --app out" in error["message"]
    assert not topicwire(alone, "generate").stdout.startswith("[")


def test_verifying_writes_nothing_of_one_that_is_wrong_and_checks_the_others(
    project: Sample,
) -> None:
    for name in NAMES:
        project.edit(
            f"services/{name}/src/acme/modules/trading/ws.py", ", Trade]", f", {name.title()}]"
        )
    before = project.files()
    done = topicwire(project, "generate", "--verify", code=2)
    assert done.stdout.count("[1/9] Generate code ... FAILED") == len(NAMES)
    for name in NAMES:
        assert f"services/{name}/src/acme/modules/trading/ws.py:7: error: " in done.stderr
        assert f"Nothing of {name} was written." in done.stderr
    assert project.files() == before
    said = told(project, "generate", "--verify", code=2)["apps"]
    assert [one["app"] for one in said] == list(NAMES)
    assert all(one["errors"][0]["line"] == 7 for one in said)


@pytest.mark.long
def test_each_goes_through_the_nine_steps_by_itself(project: Sample) -> None:
    for name in NAMES:
        (project.root / "services" / name / ROUTER).unlink()
    done = topicwire(project, "generate", "--verify")
    for part in done.stdout.split("[admin]"):
        assert part.count(" ... ok, ") == 8
    project.edit(f"{TRADING}/{MODELS}", "price: float", "price: int")
    project.edit(f"{ADMIN}/src/acme/shared/ws/generic_route.py", '"Subscribed"', "7")
    before = project.files()
    trading, admin = told(project, "generate", "--verify", code=1)["apps"]
    assert (trading["app"], trading["ok"]) == ("trading", True)
    assert (admin["app"], admin["ok"]) == ("admin", False)
    assert admin["errors"][0]["message"].startswith("step 8 of 9, Type checking (mypy), failed")
    assert project.files() == before
