"""docs/checks.md: its YAML is YAML, and its commands do what they are there for."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
import yaml
from packages.topicwire.tests.codegen.sample import TEMPLATE_PATH
from packages.topicwire.tests.codegen.whole import SETTINGS, Whole

from tests.quickstart.specification import under

PAGE = Path(__file__).parents[2] / "docs/checks.md"
PROGRAMS = Path(sys.executable).parent


def printed(heading: str) -> Any:
    """The YAML under a heading."""
    (block,) = under(PAGE, heading)
    assert block.language == "yaml"
    return yaml.safe_load(textwrap.dedent(block.text))


def hooks() -> list[str]:
    (repository,) = printed("pre-commit")["repos"]
    assert repository["repo"] == "local"
    for hook in repository["hooks"]:
        assert hook["language"] == "system"
        assert hook["pass_filenames"] is False
    return [hook["entry"] for hook in repository["hooks"]]


def actions() -> list[str]:
    workflow = printed("GitHub Actions")
    # YAML 1.1 reads a bare `on` as true; GitHub does not.
    assert set(workflow[True]) == {"push", "pull_request"}
    steps = workflow["jobs"]["fresh"]["steps"]
    return [step["run"] for step in steps if "run" in step and step["name"] != "Install"]


def shell(app: Whole, command: str) -> subprocess.CompletedProcess[str]:
    """Run a line as GitHub and pre-commit do, in the sample's folder."""
    path = f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-eo", "pipefail", "-c", command],
        cwd=app.root,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    app = Whole(tmp_path_factory.mktemp("checks") / "app").populate()
    # A project of one's own has its tools' settings; the nine steps find them.
    app.write(".gitignore", "__pycache__\n")
    app.write("pyproject.toml", f'{SETTINGS}\n[tool.topicwire.python]\nfolder = "client"\n')
    app.make()
    done = app.topicwire("client", "python")
    assert done.returncode == 0, done.stderr
    git(app, "init", "--quiet")
    commit(app)
    return app.root


@pytest.fixture
def app(made: Path, tmp_path: Path) -> Whole:
    shutil.copytree(made, tmp_path / "app")
    return Whole(tmp_path / "app")


def git(app: Whole, *arguments: str) -> str:
    identity = ("-c", "user.name=test", "-c", "user.email=test@localhost")
    return subprocess.run(
        ["git", *identity, *arguments], cwd=app.root, check=True, capture_output=True, text=True
    ).stdout


def commit(app: Whole) -> None:
    git(app, "add", "--all")
    git(app, "commit", "--quiet", "--message", "As it is")


def test_hooks_and_actions_run_the_same_commands() -> None:
    assert hooks() == actions()
    text = PAGE.read_text(encoding="utf-8")
    for command in hooks():
        assert f"| `{command}` |" in text


def stale_router(app: Whole) -> str:
    app.edit(TEMPLATE_PATH, '"Subscribed"', '"Welcome"')
    return "topicwire generate --check"


def stale_document(app: Whole) -> str:
    app.edit("src/acme/models/market/trades.py", "price: float", "price: str")
    return "topicwire spec --check"


def stale_client(app: Whole) -> str:
    (app.root / "page/ws-types-generated/index.ts").unlink()
    return "topicwire client typescript --check"


def stale_python(app: Whole) -> str:
    app.write("client/acme_client/left.py", app.read("client/acme_client/__init__.py"))
    return "topicwire client python --check"


def test_each_passes_where_all_is_fresh_and_fails_by_name_where_it_is_not(app: Whole) -> None:
    """checklist 22"""
    for command in hooks():
        done = shell(app, command)
        assert done.returncode == 0, done.stderr
    changes = (stale_router, stale_document, stale_client, stale_python)
    assert [change(app) for change in changes] == hooks()
    for command in hooks():
        done = shell(app, command)
        assert done.returncode == 1
        assert f"Stale. Run: {command.removesuffix(' --check')}\n" in done.stderr
    # and none of them has written anything
    assert len(git(app, "status", "--porcelain").splitlines()) == len(changes)


def test_generating_and_asking_git(app: Whole) -> None:
    """checklist 22: the specification's way, which sees new files too."""
    generate, verify = printed("Generate, and see that nothing changed")
    done = shell(app, generate["run"])
    assert done.returncode == 0, done.stderr
    assert "[9/9] Import verification" in done.stdout
    assert shell(app, verify["run"]).returncode == 0
    app.write("page/ws-types-generated/more.ts", "// Mine, and not committed.\n")
    assert shell(app, verify["run"]).returncode == 1
    (app.root / "page/ws-types-generated/more.ts").unlink()
    app.edit(TEMPLATE_PATH, '"Subscribed"', '"Welcome"')
    commit(app)
    assert shell(app, verify["run"]).returncode == 0
    assert shell(app, generate["run"]).returncode == 0
    done = shell(app, verify["run"])
    assert done.returncode == 1
    assert '+            return SubscriptionResponse(status="ok", message="Welcome"' in done.stdout


def test_an_input_that_cannot_be_used_is_told_apart(app: Whole) -> None:
    app.edit("src/acme/modules/trading/ws.py", ", Trade]", ", Nothing]")
    done = shell(app, hooks()[0])
    assert done.returncode == 2
    assert "src/acme/modules/trading/ws.py:7: error: 'Nothing' is not defined here." in done.stderr
