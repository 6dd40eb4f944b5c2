"""What `topicwire` says of itself: each command with an example, and what to do without one."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from packages.topicwire.tests.cli.test_foreign_documents import document

from topicwire.cli import main
from topicwire.codegen.version import GENERATOR_VERSION

COMMANDS = [
    *("init", "new", "new route", "generate", "spec", "client", "client typescript"),
    *("client python", "diff", "mock", "serve", "doctor"),
]


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int) -> str:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == code
    out, err = capsys.readouterr()
    return err if code else out


def test_without_a_command_it_says_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, code=2)
    listed = re.findall(r"^    (\w+)  ", text, re.MULTILINE)
    assert listed == [one for one in COMMANDS if " " not in one]
    assert "Example: `topicwire init --page`" in text
    assert said(capsys, "--help", code=0) == text
    assert "choose from 'init', 'new'" in said(capsys, "make", code=2)


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "--version", code=0) == f"topicwire {GENERATOR_VERSION}\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_an_example_of_its_own(
    capsys: pytest.CaptureFixture[str], command: str
) -> None:
    text = said(capsys, *command.split(), "--help", code=0)
    example = re.sub(r"\s+", " ", text).partition("Example: `")[2]
    assert example.startswith(f"topicwire {command}")
    assert max(map(len, text.splitlines())) <= 100
    options = re.findall(r"^  (?:-\w.*?, )?(--[\w-]+)(?: \S+)?(?:  +(.+))?$", text, re.MULTILINE)
    assert all(name.startswith("--") for name, _ in options)


@pytest.mark.parametrize(
    ("missing", "extra", "command"),
    [
        ("jsonschema_rs", "codegen", ("client", "python", "--folder", "x", "--document")),
        ("jsonschema", "codegen", ("mock",)),
    ],
)
def test_a_library_that_is_not_installed_is_named_with_its_extra(
    missing: str, extra: str, command: tuple[str, ...], tmp_path: Path
) -> None:
    """As after `pip install topicwire` alone; in a process of its own, which has imported none."""
    (tmp_path / "asyncapi.json").write_text(json.dumps(document()))
    program = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        f"from topicwire.cli import main; main({[*command, 'asyncapi.json']!r})"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith(missing)
    assert f"pip install 'topicwire[{extra}]'" in done.stderr
