"""`topicwire generate`: what it prints, where, and its exit codes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from packages.topicwire.tests import forked
from packages.topicwire.tests.codegen.sample import GENERATED, WS, WS_PATH, Sample


@pytest.fixture
def app(tmp_path: Path) -> Sample:
    return Sample(tmp_path / "app").populate()


def topicwire(
    *arguments: str, cwd: Path, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return forked.topicwire(cwd, *arguments, environment={**os.environ, **(env or {})})


def test_what_it_says(app: Sample) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "topicwire.cli", "generate"],
        cwd=app.root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    row, total = done.stdout.splitlines()
    assert re.split(r" {2,}", row) == [
        f"{WS_PATH}:7",
        "TradeWsRouter",
        "TradeRequest → Trade",
        "written",
    ]
    assert re.fullmatch(r"1 router, 4 files written, 0 removed, \d+ ms", total)
    again = topicwire("generate", cwd=app.root).stdout
    assert "unchanged" in again
    assert "1 router, 0 files written, 0 removed" in again


def test_from_any_folder_below_and_by_name(app: Sample, tmp_path: Path) -> None:
    assert topicwire("generate", cwd=app.root / "src/acme/models").returncode == 0
    assert topicwire("generate", "--check", "--project", "app", cwd=tmp_path).returncode == 0
    assert topicwire("generate", "--check", "-C", str(app.root), cwd=Path("/")).returncode == 0


def test_refusals_go_to_stderr_with_exit_code_2(app: Sample) -> None:
    """checklist 29"""
    app.edit(WS_PATH, "import Trade, TradeRequest", "import TradeRequest")
    done = topicwire("generate", cwd=app.root)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (
        f"{WS_PATH}:7: error: 'Trade' is not defined here.\n"
        "    TradeWsRouter: TypeAlias = WsRouter[TradeRequest, Trade]\n"
        "                                                      ^^^^^\n"
        "    acme.models.market.trades defines a Trade: "
        "add `from acme.models.market import Trade`.\n"
        "Nothing was written.\n"
    )


@pytest.mark.parametrize(
    ("cwd", "paths_from", "shown"),
    [
        ("..", None, f"app/{WS_PATH}"),
        ("src/acme", None, WS_PATH.removeprefix("src/acme/")),
        (".", "..", f"app/{WS_PATH}"),
        (".", "/nowhere", WS_PATH),
    ],
)
def test_paths_can_be_opened_from_where_the_person_is(
    app: Sample, cwd: str, paths_from: str | None, shown: str
) -> None:
    app.edit(WS_PATH, "import Trade, TradeRequest", "import TradeRequest")
    env = {"TOPICWIRE_PATHS_FROM": str(app.root / paths_from) if paths_from else ""}
    done = topicwire("generate", "-C", str(app.root), cwd=app.root / cwd, env=env)
    assert done.stderr.startswith(f"{shown}:7: error: 'Trade' is not defined here.\n")
    verified = topicwire("generate", "--verify", "-C", str(app.root), cwd=app.root / cwd, env=env)
    assert verified.stdout == "[1/9] Generate code ... FAILED\n"
    assert verified.stderr == done.stderr


def test_a_stale_file_is_exit_code_1_by_name(app: Sample) -> None:
    """checklist 22"""
    topicwire("generate", cwd=app.root)
    app.edit(f"{GENERATED}/tradewsrouter.py", '"Subscribed"', '"Welcome"')
    before = app.files()
    done = topicwire("generate", "--check", cwd=app.root)
    assert done.returncode == 1
    assert f"{GENERATED}/tradewsrouter.py: differs from what {WS_PATH}:7" in done.stderr
    assert done.stderr.endswith("Stale. Run: topicwire generate\n")
    assert app.files() == before


def test_fresh_is_exit_code_0(app: Sample) -> None:
    topicwire("generate", cwd=app.root)
    done = topicwire("generate", "--check", cwd=app.root)
    assert done.returncode == 0
    assert done.stdout.startswith("1 router, all fresh, ")


def test_json_of_a_run(app: Sample) -> None:
    done = topicwire("generate", "--json", cwd=app.root)
    assert done.returncode == 0
    said = json.loads(done.stdout)
    assert said["ok"] is True
    assert said["routers"] == [
        {
            "path": WS_PATH,
            "line": 7,
            "name": "TradeWsRouter",
            "types": ["TradeRequest", "Trade"],
            "output": f"{GENERATED}/tradewsrouter.py",
            "fresh": False,
        }
    ]
    assert f"{GENERATED}/__init__.py" in said["written"]


def test_json_of_a_stale_check(app: Sample) -> None:
    done = topicwire("generate", "--json", "--check", cwd=app.root)
    assert done.returncode == 1
    said = json.loads(done.stdout)
    assert said["ok"] is False
    assert said["written"] == []
    assert said["stale"][0] == {"path": "generated/topicwire.json", "what": "missing"}


def test_json_of_a_refusal(app: Sample) -> None:
    app.edit(WS_PATH, ", Trade]", ", Nothing]")
    done = topicwire("generate", "--json", cwd=app.root)
    assert done.returncode == 2
    said = json.loads(done.stdout)
    (error,) = said["errors"]
    assert (error["path"], error["line"], error["column"]) == (WS_PATH, 7, 55)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("", "`topicwire init` gives the project here its settings and a first route"),
        ("[tool.topicwire]\n", "lacks `package`"),
        ('[tool.topicwire]\npackage = "nowhere"\n', "there is no folder src/nowhere"),
        ('[tool.topicwire]\npackage = "acme"\npakage = "x"\n', "unknown setting 'pakage'"),
        ('[tool.topicwire]\npackage = "acme"\noutput = "a/b"\n', "is to be an identifier"),
        ("[tool.topicwire]\npackage = 3\n", "package = 3: it is to be a string"),
        ("[tool.topicwire\n", "this is not TOML"),
        ("[tool]\ntopicwire = 3\n", "[tool.topicwire] is to be a table"),
        (
            '[tool.topicwire]\npackage = "acme"\n[tool.topicwire.typescript]\ntypes = "x"\n',
            "[tool.topicwire.typescript] lacks `client`",
        ),
    ],
)
def test_settings_that_cannot_be_used(app: Sample, table: str, message: str) -> None:
    app.write("pyproject.toml", table)
    done = topicwire("generate", cwd=app.root)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_from_another_folder_it_says_where_the_project_is(app: Sample, tmp_path: Path) -> None:
    above = app.root.parent
    done = topicwire("generate", cwd=above)
    assert done.returncode == 2
    assert f"table in {above} or above it. There is one in app/: `cd app`, or" in done.stderr
    assert topicwire("generate", "--project", "app", cwd=above).returncode == 0
    (tmp_path / "empty").mkdir()
    done = topicwire("generate", cwd=tmp_path / "empty")
    assert "A new one begins with `topicwire init`." in done.stderr


def test_where_nothing_is_declared_it_says_what_it_looked_for(app: Sample) -> None:
    app.write(WS_PATH, "# still to come\n")
    done = topicwire("generate", cwd=app.root)
    assert (done.returncode, done.stdout.partition(",")[0]) == (0, "0 routers")
    assert done.stderr.startswith(f"note: {WS_PATH}: nothing like `X: TypeAlias = ")
    (app.root / WS_PATH).unlink()
    done = topicwire("generate", "--check", cwd=app.root)
    assert done.returncode == 0
    assert "note: there is no file src/acme/modules/*/ws.py. Are they" in done.stderr


def test_check_and_verify_exclude_each_other(app: Sample) -> None:
    done = topicwire("generate", "--check", "--verify", cwd=app.root)
    assert done.returncode == 2
    assert "give one of them" in done.stderr


def test_verify_tells_machines_what_check_tells_them(app: Sample) -> None:
    app.edit(WS_PATH, "Trade]", "Nothing]")
    done = topicwire("generate", "--verify", "--json", cwd=app.root)
    (error,) = json.loads(done.stdout)["errors"]
    assert (done.returncode, error["path"]) == (2, WS_PATH)
    assert done.stderr.startswith("[1/9] Generate code ... ")


def test_verify_runs_the_nine_steps(app: Sample) -> None:
    """checklist 15"""
    done = topicwire("generate", "--verify", cwd=app.root)
    assert done.returncode == 0, done.stderr
    assert "[9/9] Import verification ... ok, 3 files" in done.stdout
    app.write(".flake8", "[flake8]\nmax-line-length = 40\n")
    app.write("src/acme/modules/broker/ws.py", WS)
    done = topicwire("generate", "--verify", cwd=app.root)
    assert done.returncode == 1
    assert done.stdout.endswith("[6/9] Flake8 linting ... FAILED\n")
    assert "step 6 of 9, Flake8 linting, failed:" in done.stderr
    assert not (app.root / "src/acme/modules/broker/ws_generated").exists()


def test_there_is_no_colour_in_a_pipe(app: Sample) -> None:
    assert "\x1b" not in topicwire("generate", cwd=app.root).stdout


def test_help_has_an_example(app: Sample) -> None:
    done = topicwire("generate", "--help", cwd=app.root, env={"TERM": "dumb", "COLUMNS": "100"})
    assert done.returncode == 0
    assert "Example: `topicwire generate`" in done.stdout


def test_starting_imports_no_more_than_it_needs() -> None:
    code = (
        "import sys, topicwire.cli; "
        "print({'pydantic', 'starlette', 'inspect', 'ast'} & set(sys.modules) or 'none')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "none"
