"""What a record of a document is believed in, and what makes it worth nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from packages.topicwire.tests.codegen import remembered_app
from packages.topicwire.tests.codegen.remembered_app import CHANGING, HARMLESS

TOPICWIRE = Path(sys.executable).with_name("topicwire")
TRIES = 4
QUICK = "Nothing that the document is made from has changed."

SAVED_MEANWHILE = """
from pathlib import Path
file = Path(__file__).with_name("title.txt")
file.write_text(file.read_text())
"""
BEYOND = {
    "another process": "import subprocess, sys; subprocess.run([sys.executable, '-c', ''])",
    "a device": "open('/dev/zero', 'rb').close()",
    "a file that is saved meanwhile": SAVED_MEANWHILE,
}


class Project:
    """The application of `remembered_app`, in a folder of its own."""

    def __init__(self, root: Path) -> None:
        self.root = remembered_app.populate(root)
        self.elsewhere = root / "elsewhere"
        self.record = self.root / ".topicwire_cache/documents.json"
        self.variables = os.environ | remembered_app.environment(root)

    def run(self, *arguments: str, code: int = 0, **variables: str) -> str:
        done = subprocess.run(
            [TOPICWIRE, *arguments], cwd=self.root, env=self.variables | variables,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def is_remembered(self) -> bool:
        """Say whether a check, one of the next few, finds that nothing has changed.

        On a machine where much goes on, a folder of the interpreter's may be written to just while
        the application is imported, and then nothing is noted that time.
        """
        return any(QUICK in self.run("spec", "--check") for _ in range(TRIES))

    def append(self, name: str, text: str) -> None:
        path = self.root / name
        path.write_text(path.read_text("utf-8") + text, encoding="utf-8")


@pytest.fixture(scope="module")
def holding(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[bool]]:
    """By case: whether the record held before and while it was so."""
    project = Project(tmp_path_factory.mktemp("remembered"))
    found: dict[str, list[bool]] = {}
    for _ in range(TRIES):  # as in `is_remembered`
        done = subprocess.run(
            [sys.executable, remembered_app.__file__], cwd=project.root, env=project.variables,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout.splitlines()[-1])
        if all(found["nothing"]):
            break
    return found


@pytest.mark.parametrize("case", CHANGING)
def test_a_record_is_worth_nothing_when_anything_that_was_read_is_another(
    holding: dict[str, list[bool]], case: str
) -> None:
    assert holding[case] == [True, False]


@pytest.mark.parametrize("case", HARMLESS)
def test_a_record_holds_whatever_else_changes(holding: dict[str, list[bool]], case: str) -> None:
    assert holding[case] == [True, True]


def test_what_has_not_changed_is_fresh_at_once_and_whatever_has_is_made_again(
    tmp_path: Path,
) -> None:
    project = Project(tmp_path)
    project.run("spec")
    assert project.is_remembered()
    project.append("src/acme/models.py", "\n# nothing that the document says\n")
    first = project.run("spec", "--check")
    assert "fresh" in first
    assert QUICK not in first
    assert project.is_remembered()
    stale = project.run("spec", "--check", code=1, STAGE="production")
    assert "generated/asyncapi.json: differs" in stale
    assert QUICK in project.run("spec", "--check")  # what is stale is not remembered
    # A check that has made it in another environment remembers that one, too.
    assert QUICK not in project.run("spec", "--check", PYTHONWARNINGS="ignore")
    document = project.root / "generated/asyncapi.json"
    document.write_text(document.read_text("utf-8").replace("number", "string"), encoding="utf-8")
    assert "generated/asyncapi.json: differs" in project.run("spec", "--check", code=1)


def test_what_python_does_not_tell_of_is_seen_anew_alone(tmp_path: Path) -> None:
    """Whether a file elsewhere is there, without opening it: docs/checks.md says so."""
    project = Project(tmp_path)
    project.run("spec")
    assert project.is_remembered()
    (project.elsewhere / "flag").touch()
    assert QUICK in project.run("spec", "--check")
    stale = project.run("spec", "--check", "--anew", code=1)
    assert "generated/asyncapi.json: differs" in stale


@pytest.mark.parametrize("what", BEYOND)
def test_nothing_is_remembered_of_what_no_record_can_hold(tmp_path: Path, what: str) -> None:
    project = Project(tmp_path)
    project.append("src/acme/main.py", BEYOND[what])
    project.run("spec")
    assert not project.record.exists()


def test_a_fresh_clone_has_no_record(tmp_path: Path) -> None:
    project = Project(tmp_path)
    subprocess.run(["git", "init", "-q"], cwd=project.root, check=True)
    project.run("spec")
    assert project.is_remembered()
    assert project.record.is_file()
    seen = subprocess.run(
        ["git", "status", "--porcelain", "--untracked-files=all"],
        cwd=project.root, check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert ".topicwire_cache" not in seen.stdout
    assert "generated/asyncapi.json" in seen.stdout


def test_a_file_that_was_compiled_in_the_same_second_is_not_trusted(tmp_path: Path) -> None:
    """Python takes the compiled file, which it knows by the second of a date, and by its size."""
    project = Project(tmp_path)
    models = project.root / "src/acme/models.py"
    subprocess.run(
        [sys.executable, "-m", "compileall", "-q", models.parent], cwd=project.root, check=True
    )
    seen = models.stat()
    text = models.read_text("utf-8").replace("price: float", "price: bytes")
    models.write_text(text, encoding="utf-8")
    os.utime(models, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    project.run("spec")
    document = json.loads((project.root / "generated/asyncapi.json").read_bytes())
    assert document["components"]["schemas"]["Tick"]["properties"]["price"]["type"] == "string"
