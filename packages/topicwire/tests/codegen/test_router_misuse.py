"""Wrong uses of the generated routers of the whole corpus, by mypy and pyright, both strict."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
from packages.topicwire.tests.codegen.sample import Sample
from packages.topicwire.tests.corpus import CONSTRUCTS, Construct
from packages.topicwire.tests.corpus.routes import request_type

ROOT = Path(__file__).parents[4]
PYRIGHT = ROOT / "node_modules/.bin/pyright"
IMPORTS = """\
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from pydantic import Field

from acme.shared.ws.generic_route import WsRouter
from packages.topicwire.tests.corpus import behaviours, models, scalars, structures
from packages.topicwire.tests.corpus.routes import ListenRequest
"""


def router_name(one: Construct) -> str:
    return f"{one.name[0].upper()}{one.name[1:]}WsRouter"


def asked(one: Construct) -> str:
    return one.annotation if request_type(one) is one.payload_type else "ListenRequest"


def declarations(constructs: Sequence[Construct]) -> str:
    text = f"{IMPORTS}\nif TYPE_CHECKING:\n"
    for one in constructs:
        text += f"    {router_name(one)}: TypeAlias = WsRouter[{asked(one)}, {one.annotation}]\n"
    names = ", ".join(router_name(one) for one in constructs)
    return f"{text}else:\n    from .ws_generated import {names}\n"


def uses(constructs: Sequence[Construct]) -> str:
    """Right ones, and wrong ones; each line that is one or the other says so."""
    names = "".join(f"    {router_name(one)},\n" for one in constructs)
    lines = [
        *(IMPORTS, f"from .ws_generated import (\n{names})"),
        *("class Wrong: ...", "def topic_of_wrong(request: Wrong) -> str: return repr(request)"),
    ]
    for one in constructs:
        name, router = one.name, router_name(one)
        lines += [
            f"def topic_of_{name}(request: {asked(one)}) -> str:",
            "    return repr(request)",
            f"def reading_{name}(request: {asked(one)}) -> str:",
            "    return repr(request.no_such_field)  # wrong",
            f"def use_{name}(router: {router}, data: {one.annotation}) -> None:",
            '    router.publish("topic", data)  # right',
            f'    router.publish("topic", {one.misuse})  # wrong',
            "    router.topic_builder.topics(Wrong())  # wrong",
            f'{router}(route="r", topic_builder=topic_of_{name})  # right',
            f'{router}(route="r", topic_builder=topic_of_wrong)  # wrong',
            f'{router}(route="r", topic_builder=lambda it: it.no_such_field)  # wrong, lambda',
        ]
    return "\n".join([*lines, ""])


def made(root: Path, constructs: Sequence[Construct]) -> Sample:
    app = Sample(root).populate()
    app.write("src/acme/modules/trading/__init__.py", "")
    app.write("src/acme/modules/trading/ws.py", declarations(constructs))
    app.generate()
    app.write("src/acme/modules/trading/uses.py", uses(constructs))
    return app


def mypy(app: Sample) -> str:
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--no-error-summary"]
    done = subprocess.run(
        [*command, "--explicit-package-bases", "-p", "acme.modules.trading"],
        cwd=app.root,
        env={**os.environ, "MYPYPATH": f"src{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def pyright(app: Sample) -> str:
    settings = {
        "typeCheckingMode": "strict",
        "include": ["src/acme/modules/trading/uses.py"],
        "extraPaths": ["src", str(ROOT)],
    }
    app.write("pyrightconfig.json", json.dumps(settings))
    done = subprocess.run(
        [str(PYRIGHT), "--pythonpath", sys.executable],
        cwd=app.root,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


CHECKERS: Mapping[str, Callable[[Sample], str]] = {"mypy": mypy, "pyright": pyright}
UNSEEN = {"mypy": "  # wrong, lambda"}
"""What a checker does not see: mypy takes what a lambda is given for `Any` where one of several
kinds of topic builders is expected. Pyright sees it, and so does mypy in a function with a type.
"""


@pytest.mark.parametrize("checker", CHECKERS)
@pytest.mark.parametrize(
    "constructs",
    [
        pytest.param(CONSTRUCTS[::9], id="some"),
        pytest.param(CONSTRUCTS, id="all", marks=pytest.mark.long),
    ],
)
def test_wrong_payloads_and_requests_are_refused_and_right_ones_are_not(
    checker: str, constructs: Sequence[Construct], tmp_path: Path
) -> None:
    app = made(tmp_path / "app", constructs)
    said = CHECKERS[checker](app)
    complaints = {int(one) for one in re.findall(r"trading/uses\.py:(\d+).*error", said)}
    found = {"right": set[str](), "wrong": set[str](), "unseen": set[str]()}
    lines = uses(constructs).splitlines()
    unseen = UNSEEN.get(checker, "none is")
    for number, line in enumerate(lines, 1):
        kind = "unseen" if line.endswith(unseen) else line.partition("  # ")[2].partition(",")[0]
        if kind and (number in complaints) is (kind != "wrong"):
            found[kind].add(line.strip())
    assert found == {"right": set(), "wrong": set(), "unseen": set()}, said
    assert sum("  # wrong" in line for line in lines) == 5 * len(constructs)
