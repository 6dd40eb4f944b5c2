"""What `topicwire` says of itself: each command with an example, and what to do without one."""

from __future__ import annotations

import re

import pytest

from topicwire.cli import main
from topicwire.codegen.version import GENERATOR_VERSION

COMMANDS = [
    *("init", "new", "new route", "generate", "spec", "client", "client typescript"),
    *("client python", "diff", "mock", "doctor"),
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
