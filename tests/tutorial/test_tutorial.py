"""The tutorial from its first command to its last: a server that runs, and a typed page."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from bench.npm_registry import npm_registry
from bench.tutorial import ROOT, Walk, commands, serves

pytestmark = pytest.mark.long  # installs and builds; a new project is tried in every run as well

PAGE = Path(__file__).with_name("page.mjs")


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    """Every command that ends by itself has been run, in the order of the text."""
    with npm_registry() as registry:
        one = Walk(tmp_path_factory.mktemp("tutorial").resolve(), registry)
        one.project.mkdir()
        for command in commands():
            if not serves(command):
                one.run(command)
        yield one


def serving(kind: str) -> str:
    [command] = [one for one in commands() if one.startswith(kind)]
    return command


def test_every_command_was_run(walk: Walk) -> None:
    kinds = [" ".join(command.split()[:2]) for command in walk.seconds]
    for kind in ("pip wheel", "npm pack", "topicwire init", "topicwire new", "topicwire doctor"):
        assert kind in kinds
    assert len(walk.seconds) + 2 == len(commands())


def test_what_runs_is_the_wheel(walk: Walk) -> None:
    """Not the sources of this repository, which the environment around the test has."""
    said = walk.run('python -c "import topicwire; print(topicwire.__file__)"').strip()
    assert Path(said).is_relative_to(walk.project / ".venv")


def test_the_page_is_served_typed_and_live(walk: Walk) -> None:
    with walk.serving(serving("python -m shop")) as fetch:
        assert set(json.loads(fetch("/api/v1/ws/asyncapi.json"))["channels"]) == {
            "connection",
            "ticks",
            "trades",
        }
        # The browser's library is found beside the script, so it is run from there.
        done = subprocess.run(
            ["node", PAGE, fetch.address],
            cwd=ROOT,
            env=dict(os.environ),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        shown, status, logged = done.stdout.splitlines()
        assert re.fullmatch(r"ticks: number \d+ at \d{4}-.* UTC", shown)
        assert status == "open"
        assert re.fullmatch(r"trades AAPL \d+(\.\d+)?", logged)


def test_a_wrong_use_of_the_route_is_no_page(walk: Walk) -> None:
    snippet = walk.project / "page/src/routes/trades.ts"
    right = snippet.read_text()
    wrong = right.replace("symbols: ['AAPL']", "symbols: [1]").replace("trade.price", "trade.cost")
    snippet.write_text(wrong)
    with pytest.raises(AssertionError) as refused:
        walk.run("npm run --silent --prefix page typecheck")
    assert "Type 'number' is not assignable to type 'string'" in str(refused.value)
    assert "Property 'cost' does not exist on type 'Trade'" in str(refused.value)
    snippet.write_text(right)


def test_the_mock_serves_the_same_routes(walk: Walk) -> None:
    with walk.serving(serving("topicwire mock")) as fetch:
        assert '"trades.subscribe"' in fetch("/api/v1/ws/asyncapi.json")
