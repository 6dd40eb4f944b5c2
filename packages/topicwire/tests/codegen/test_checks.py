"""The nine steps, run for real on a small application."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
from packages.topicwire.tests.codegen.sample import (
    GENERATED,
    NO_ROUTERS,
    TEMPLATE_PATH,
    WS,
    WS_PATH,
    Sample,
)

from topicwire.codegen import checks
from topicwire.codegen.checks import StepFailedError, step_names, verify
from topicwire.codegen.errors import GenerationError

NAMES = [
    "Generate code",
    "Black formatting",
    "Import sorting (isort)",
    "Ruff formatting",
    "Auto-fix linter issues (ruff check --fix)",
    "Flake8 linting",
    "Ruff linting",
    "Type checking (mypy)",
    "Import verification",
]
ROUTER = f"{GENERATED}/tradewsrouter.py"
CACHE = ".topicwire_cache"


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An application that passed; what mypy remembers of the libraries is worth keeping."""
    app = Sample(tmp_path_factory.mktemp("warm") / "app").populate()
    run(app)
    return app.root


@pytest.fixture
def passed(warm: Path, tmp_path: Path) -> Sample:
    """A copy of an application that passed all nine steps."""
    shutil.copytree(warm, tmp_path / "copy")
    return Sample(tmp_path / "copy")


@pytest.fixture
def app(app: Sample, warm: Path) -> Sample:
    """An application of which nothing is generated; mypy knows the libraries."""
    shutil.copytree(warm / CACHE / "mypy", app.root / CACHE / "mypy")
    return app


def run(app: Sample) -> dict[str, str]:
    """What each step said, by its name, in the order of running."""
    said: list[str] = []

    def say(text: str) -> None:
        said.append(text)
        sys.stdout.write(text)

    verify(app.config, say)
    lines = "".join(said).splitlines()
    assert [line.split("]")[0] for line in lines] == [f"[{at}/9" for at in range(1, 10)]
    return dict(line.partition("] ")[2].split(" ... ") for line in lines)


def test_all_nine_run_in_order_each_by_its_name(app: Sample) -> None:
    """checklist 15, checklist 23: for a module that has no `__init__.py` and no output yet."""
    said = run(app)
    assert list(said) == NAMES == list(step_names())
    assert said["Generate code"] == "4 written, 0 removed"
    assert all(said[name].startswith("ok, 3 files") for name in NAMES[1:])


def test_formatters_leave_every_byte_as_it_is(passed: Sample) -> None:
    """checklist 21: steps 2 to 5, looked at from outside."""
    before = passed.generated()
    (passed.root / CACHE / "passed.json").unlink()
    passed.generate()
    assert passed.generated() == before
    run(passed)
    assert passed.generated() == before


def test_what_passed_is_not_checked_again(passed: Sample) -> None:
    """checklist 15"""
    said = run(passed)
    assert said.pop("Generate code") == "0 written, 0 removed"
    assert set(said.values()) == {"unchanged"}


def test_only_what_changed_is_checked_again(passed: Sample) -> None:
    passed.write("src/acme/modules/broker/ws.py", WS)
    said = run(passed)
    assert said["Black formatting"].startswith("ok, 3 files")
    assert said["Ruff linting"].startswith("ok, 3 files")
    assert said["Type checking (mypy)"].startswith("ok, 6 files")


@pytest.mark.parametrize(
    ("path", "old", "new", "again"),
    [
        ("src/acme/models/market/trades.py", "price: float", "price: int", NAMES[7:]),
        ("pyproject.toml", "[tool.ruff]", "# settings\n[tool.ruff]", NAMES[1:]),
    ],
)
def test_a_step_runs_again_when_something_it_depends_on_changes(
    passed: Sample, path: str, old: str, new: str, again: list[str]
) -> None:
    passed.edit(path, old, new)
    said = run(passed)
    assert [name for name in NAMES[1:] if said[name] != "unchanged"] == again


def test_nothing_declared_is_nothing_to_check(app: Sample) -> None:
    app.write(WS_PATH, NO_ROUTERS)
    said = run(app)
    assert set(list(said.values())[1:]) == {"nothing to check"}


def black_disagrees(app: Sample) -> None:
    app.edit("pyproject.toml", "[tool.black]\nline-length = 100", "[tool.black]\nline-length = 60")


def isort_disagrees(app: Sample) -> None:
    first_party = 'profile = "black"\nknown_first_party = ["topicwire"]'
    app.edit("pyproject.toml", 'profile = "black"', first_party)


def flake8_objects(app: Sample) -> None:
    app.write(".flake8", "[flake8]\nmax-line-length = 60\n")


def ruff_objects(app: Sample) -> None:
    app.edit("pyproject.toml", '"I"]', '"I", "D"]')
    app.edit(TEMPLATE_PATH, '        """Send `data` to the subscribers of `topic`."""\n', "")


def mypy_objects(app: Sample) -> None:
    app.edit(TEMPLATE_PATH, "        self._publish(topic, data)", "        return 3")


def importing_fails(app: Sample) -> None:
    app.write("src/acme/models/__init__.py", 'raise RuntimeError("models are broken")\n')


def constructing_fails(app: Sample) -> None:
    app.edit(TEMPLATE_PATH, "        # the operations", '        raise RuntimeError("no route")')
    app.edit("pyproject.toml", '"I"]', '"I"]\n[tool.mypy]\nwarn_unreachable = false')


@pytest.mark.parametrize(
    ("number", "breaking", "output"),
    [
        (2, black_disagrees, "black would change src/acme/modules/broker/ws_generated/"),
        (3, isort_disagrees, "isort would change src/acme/modules/broker/ws_generated/"),
        (6, flake8_objects, "E501 line too long"),
        (7, ruff_objects, "D102 Missing docstring in public method"),
        (8, mypy_objects, "No return value expected  [return-value]"),
        (9, importing_fails, "RuntimeError: models are broken"),
        (9, constructing_fails, "RuntimeError: no route"),
    ],
)
def test_a_failing_step_stops_and_puts_the_files_back(
    passed: Sample, capsys: pytest.CaptureFixture[str], number: int, breaking: object, output: str
) -> None:
    """checklist 15, checklist 21, checklist 30"""
    passed.write("src/acme/modules/broker/ws.py", WS)
    passed.edit(TEMPLATE_PATH, '"Subscribed"', '"Welcome"')
    before = passed.files()
    assert callable(breaking)
    breaking(passed)
    with pytest.raises(StepFailedError) as caught:
        run(passed)
    assert caught.value.number == number
    assert output in caught.value.output
    assert f"step {number} of 9, {NAMES[number - 1]}, failed:" in str(caught.value)
    assert str(caught.value).endswith("The generated files are as they were before.")
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == f"[{number}/9] {NAMES[number - 1]} ... "
    changed = {path for path, content in passed.files().items() if before.get(path) != content}
    assert not {path for path in changed if "ws_generated" in path or "topicwire.json" in path}
    assert "Subscribed" in passed.read(ROUTER)


def test_the_first_step_failing_writes_nothing(passed: Sample) -> None:
    passed.edit(WS_PATH, ", Trade]", ", Nothing]")
    before = passed.files()
    with pytest.raises(GenerationError, match="'Nothing' is not defined here"):
        verify(passed.config, lambda _: None)
    assert passed.files() == before


def test_an_interruption_puts_the_files_back(
    passed: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    """checklist 28: generation interrupted."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    passed.edit(TEMPLATE_PATH, '"Subscribed"', '"Welcome"')
    before = passed.files()
    monkeypatch.setattr(checks, "_run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        verify(passed.config, lambda _: None)
    assert passed.files() == before


def test_a_tool_that_is_not_installed_is_named(
    passed: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed.edit(TEMPLATE_PATH, '"Subscribed"', '"Welcome"')
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    monkeypatch.setattr(checks, "verify", verify)
    with pytest.raises(StepFailedError) as caught:
        run(passed)
    assert "black is not installed in the environment of" in caught.value.output
    assert "pip install black" in str(caught.value)


def test_tools_without_settings_get_those_that_agree(app: Sample) -> None:
    """checklist 23: an application without any tool settings."""
    app.write("pyproject.toml", '[tool.topicwire]\npackage = "acme"\n')
    said = run(app)
    assert said["Flake8 linting"].startswith("ok")
    assert max(map(len, app.read(ROUTER).splitlines())) <= 88


def test_generated_code_is_checked_alone(app: Sample) -> None:
    """A type error elsewhere is `make check`'s to tell, not the generator's."""
    app.edit(WS_PATH, "trade_router =", 'wrong: int = "text"\ntrade_router =')
    app.edit("src/acme/models/market/trades.py", "Trades =", "x:int = 'wrong'\nTrades =")
    assert run(app)["Type checking (mypy)"].startswith("ok")


def test_the_import_check_runs_in_a_process_of_its_own(app: Sample) -> None:
    run(app)
    assert not [name for name in sys.modules if name == "acme" or name.startswith("acme.")]
