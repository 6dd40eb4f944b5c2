"""`--check` of every generator: what of it is stale is named, and nothing else.

A generator answers for its own inputs. The routers' are the template, `ws.py` and the models that
it imports; the document's the application, which runs on the generated routers; the clients' the
document. So whatever is changed, one of the three says so, and the others after it is mended.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from packages.topicwire.tests.codegen.sample import GENERATED, TEMPLATE_PATH, WS_PATH
from packages.topicwire.tests.codegen.whole import GENERATORS, Whole

from topicwire.cli import main

MODELS = "src/acme/models/market/trades.py"
ROUTER = f"{GENERATED}/tradewsrouter.py"
MANIFEST = "generated/topicwire.json"
DOCUMENT = "generated/asyncapi.json"
OPENAPI = "generated/openapi.json"
TYPES = "page/ws-types-generated/index.ts"
CLIENT = "page/ws-client-generated/index.ts"
SPEC = ("spec", "--openapi", OPENAPI)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    app = Whole(tmp_path_factory.mktemp("fresh") / "app").populate().make()
    assert app.topicwire(*SPEC).returncode == 0
    return app.root


@pytest.fixture
def app(fresh: Path, tmp_path: Path) -> Whole:
    """A copy of an application in which everything is fresh."""
    shutil.copytree(fresh, tmp_path / "app")
    return Whole(tmp_path / "app")


def checked(app: Whole, *command: str) -> tuple[int, str]:
    """The exit code and what is said. The document's is made in a process that imports the app."""
    if command[0] == "spec":
        done = app.topicwire(*command, "--check")
        return done.returncode, done.stdout + done.stderr
    with pytest.MonkeyPatch.context() as patch:
        said: list[str] = []
        patch.setattr("sys.stderr.write", said.append)
        patch.setattr("sys.stdout.write", said.append)
        patch.chdir(app.root)
        try:
            main([*command, "--check"])
        except SystemExit as ended:
            return int(ended.code or 0), "".join(said)
        return 0, "".join(said)


def made_by_another(app: Whole, key: str) -> None:
    recorded = json.loads(app.read(MANIFEST))
    assert recorded[key].startswith("topicwire ")
    app.write(MANIFEST, json.dumps({**recorded, key: "topicwire 0.0.1"}, indent=2) + "\n")


def removed(path: str) -> Callable[[Whole], None]:
    return lambda app: (app.root / path).unlink()


def edited(path: str, old: str, new: str) -> Callable[[Whole], None]:
    return lambda app: app.edit(path, old, new)


def copied(path: str, to: str) -> Callable[[Whole], None]:
    return lambda app: app.write(to, app.read(path))


@dataclass(frozen=True)
class Case:
    """What is done, and by generator what is said; one that is not named finds all fresh."""

    name: str
    change: Callable[[Whole], None]
    generate: list[str] = field(default_factory=list)
    spec: list[str] = field(default_factory=list)
    typescript: list[str] = field(default_factory=list)


CASES = [
    Case(
        "the output of routers",
        edited(ROUTER, '"Subscribed"', '"Welcome"'),
        generate=[f"{ROUTER}: differs from what {WS_PATH}:7 (TradeRequest → Trade) and"],
    ),
    Case(
        "the output of the document",
        edited(DOCUMENT, '"title": "Acme"', '"title": "Edited"'),
        spec=[f"{DOCUMENT}: differs"],
        # What is said in its header and its comments is said of a document.
        typescript=[f"{TYPES}: differs", f"{CLIENT}: differs"],
    ),
    Case(
        "the output of OpenAPI",
        edited(OPENAPI, '"title": "Acme"', '"title": "Edited"'),
        spec=[f"{OPENAPI}: differs"],
    ),
    Case(
        "the output of TypeScript",
        edited(TYPES, "price: number", "price: string"),
        typescript=[f"{TYPES}: differs"],
    ),
    Case(
        "the template",
        edited(TEMPLATE_PATH, '"Subscribed"', '"Welcome"'),
        generate=[f"{ROUTER}: differs", f"{TEMPLATE_PATH}: the template was changed since"],
    ),
    Case(
        "ws.py: another type",
        edited(WS_PATH, ", Trade]", ", list[Trade]]"),
        generate=[f"{ROUTER}: differs from what {WS_PATH}:7 (TradeRequest → list[Trade]) and"],
    ),
    Case(
        "ws.py: another route",
        edited(WS_PATH, 'route="trades"', 'route="deals"'),
        spec=[f"{DOCUMENT}: differs"],
    ),
    Case(
        "an imported model: its fields",
        edited(MODELS, "price: float", "price: str"),
        spec=[f"{DOCUMENT}: differs"],
    ),
    Case(
        "an imported model: where it is",
        edited("src/acme/models/market/__init__.py", "__all__", "__other__"),
        generate=[f"{ROUTER}: differs from what {WS_PATH}:7"],
    ),
    Case(
        "the tool's version, routers",
        lambda app: made_by_another(app, "generator"),
        generate=[f"{MANIFEST}: made by topicwire 0.0.1; this is topicwire "],
    ),
    Case(
        "the tool's version, document",
        lambda app: made_by_another(app, "document"),
        spec=[f"{MANIFEST}: the document was made by topicwire 0.0.1; this is topicwire "],
    ),
    Case(
        "the tool's version, TypeScript",
        lambda app: made_by_another(app, "typescript"),
        typescript=[f"{MANIFEST}: the typescript was made by topicwire 0.0.1; this is topicwire "],
    ),
    Case(
        "a missing router",
        removed(ROUTER),
        generate=[f"{ROUTER}: missing, declared at {WS_PATH}:7"],
    ),
    Case("a missing manifest", removed(MANIFEST), generate=[f"{MANIFEST}: missing"]),
    Case("a missing OpenAPI document", removed(OPENAPI), spec=[f"{OPENAPI}: missing"]),
    Case("missing types", removed(TYPES), typescript=[f"{TYPES}: missing"]),
    Case(
        "an extra router",
        copied(ROUTER, f"{GENERATED}/other.py"),
        generate=[f"{GENERATED}/other.py: extra: nothing declares it"],
    ),
    Case(
        "extra TypeScript",
        copied(CLIENT, "page/ws-client-generated/other.ts"),
        typescript=["page/ws-client-generated/other.ts: extra: nothing makes it"],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_stale_is_named_by_the_generator_it_belongs_to(app: Whole, case: Case) -> None:
    """checklist 22"""
    case.change(app)
    before = app.files()
    # The document's is asked where it has something to say, or a model or the route was changed.
    commands = [("generate",), ("client", "typescript"), *([SPEC] if case.spec else [])]
    for command in commands:
        expected = getattr(case, command[-1] if command[0] == "client" else command[0])
        code, said = checked(app, *command)
        assert code == (1 if expected else 0), said
        stale = [line for line in said.splitlines() if ": " in line][: len(expected)]
        assert [one for one in expected if not any(one in line for line in stale)] == [], said
        assert ("Stale. Run: " in said) == bool(expected)
    assert app.files() == before


def test_a_missing_document_is_missing_for_both(app: Whole) -> None:
    """checklist 31: the client's input is the document: without it nothing can be said."""
    (app.root / DOCUMENT).unlink()
    code, said = checked(app, *SPEC)
    assert (code, f"{DOCUMENT}: missing" in said) == (1, True)
    code, said = checked(app, "client", "typescript")
    assert (code, "the AsyncAPI document cannot be read" in said) == (2, True)


def test_making_everything_again_makes_everything_fresh(app: Whole) -> None:
    before = app.generated()
    for change in (CASES[0], CASES[1], CASES[3], CASES[9], CASES[10], CASES[11], CASES[17]):
        change.change(app)
    for command in GENERATORS:
        assert app.topicwire(*command).returncode == 0
        assert checked(app, *command)[0] == 0
    assert app.generated() == before
    assert not (app.root / "page/ws-client-generated/other.ts").exists()


def test_the_manifest_is_the_same_whoever_wrote_last(app: Whole) -> None:
    before = app.read(MANIFEST)
    (app.root / MANIFEST).unlink()
    for command in reversed(GENERATORS):
        assert app.topicwire(*command).returncode == 0
    assert app.read(MANIFEST) == before
