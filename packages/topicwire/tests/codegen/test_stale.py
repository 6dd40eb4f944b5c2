"""`--check` trusts nothing that is remembered, and names what is stale."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version

import pytest
from packages.topicwire.tests.codegen.sample import (
    GENERATED,
    NO_ROUTERS,
    TEMPLATE_PATH,
    WS,
    WS_PATH,
    Sample,
)

from topicwire.codegen import manifest
from topicwire.codegen.stale import stale_reasons
from topicwire.codegen.version import GENERATOR_VERSION

ROUTER = f"{GENERATED}/tradewsrouter.py"
MANIFEST = "generated/topicwire.json"


def reasons(app: Sample) -> dict[str, str]:
    before = app.files()
    found = {reason.path: reason.what for reason in stale_reasons(app.config, app.plan())}
    assert app.files() == before
    return found


def test_what_was_just_generated_is_fresh(app: Sample) -> None:
    """checklist 22"""
    app.generate()
    assert reasons(app) == {}


def edited_output(app: Sample) -> None:
    app.edit(ROUTER, '"Subscribed"', '"Welcome"')


def edited_template(app: Sample) -> None:
    app.edit(TEMPLATE_PATH, '"Subscribed"', '"Welcome"')


def edited_comment_of_the_template(app: Sample) -> None:
    app.edit(TEMPLATE_PATH, "# staged", "# noted")


def edited_declaration(app: Sample) -> None:
    app.edit(WS_PATH, ", Trade]", ", list[Trade]]")


def added_declaration(app: Sample) -> None:
    app.edit(WS_PATH, "else:", "    X: TypeAlias = WsRouter[TradeRequest, Trade]\nelse:")


def added_module(app: Sample) -> None:
    app.write("src/acme/modules/broker/ws.py", WS)


def removed_export(app: Sample) -> None:
    app.edit(f"{GENERATED}/__init__.py", "from .tradewsrouter import TradeWsRouter\n", "")


def removed_file(app: Sample) -> None:
    (app.root / ROUTER).unlink()


def extra_file(app: Sample) -> None:
    app.write(f"{GENERATED}/other.py", app.read(ROUTER))


def removed_declaration(app: Sample) -> None:
    app.write(WS_PATH, NO_ROUTERS)


def moved_model(app: Sample) -> None:
    app.edit("src/acme/models/market/__init__.py", "__all__", "__all = 1\nrest")


def other_version(app: Sample) -> None:
    app.edit(MANIFEST, '"topicwire ', '"topicwire 0.')


def manifest_by_hand(app: Sample) -> None:
    app.write(MANIFEST, "{}")


@pytest.mark.parametrize(
    ("change", "path", "what"),
    [
        (edited_output, ROUTER, f"differs from what {WS_PATH}:7 (TradeRequest → Trade) and"),
        (edited_template, ROUTER, f"and {TEMPLATE_PATH} give"),
        (edited_template, TEMPLATE_PATH, "the template was changed since"),
        (edited_comment_of_the_template, ROUTER, "differs"),
        (edited_declaration, ROUTER, f"differs from what {WS_PATH}:7 (TradeRequest → list[Trade])"),
        (added_declaration, f"{GENERATED}/x.py", f"missing, declared at {WS_PATH}:8"),
        (added_declaration, f"{GENERATED}/__init__.py", "differs from what the declarations give"),
        (
            added_module,
            "src/acme/modules/broker/ws_generated/tradewsrouter.py",
            "missing, declared at src/acme/modules/broker/ws.py:7",
        ),
        (removed_export, f"{GENERATED}/__init__.py", "differs"),
        (removed_file, ROUTER, f"missing, declared at {WS_PATH}:7"),
        (extra_file, f"{GENERATED}/other.py", "extra: nothing declares it"),
        (removed_declaration, ROUTER, "extra: nothing declares it"),
        (moved_model, ROUTER, "differs"),
        (other_version, MANIFEST, "made by topicwire 0."),
        (manifest_by_hand, MANIFEST, "was changed by hand"),
    ],
)
def test_each_change_is_named(
    app: Sample, change: Callable[[Sample], None], path: str, what: str
) -> None:
    """checklist 22"""
    app.generate()
    change(app)
    found = reasons(app)
    assert what in found[path]
    app.generate()
    assert reasons(app) == {}


def test_the_version_is_the_package_s() -> None:
    assert version("topicwire") == GENERATOR_VERSION


def test_a_newer_generator_says_so(app: Sample, monkeypatch: pytest.MonkeyPatch) -> None:
    app.generate()
    monkeypatch.setattr(manifest, "GENERATOR_VERSION", "99.0")
    found = reasons(app)
    assert list(found) == [MANIFEST]
    assert found[MANIFEST].endswith("; this is topicwire 99.0")
