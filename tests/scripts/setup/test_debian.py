"""What the set-up says where it may not install."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from scripts.setup import debian
from scripts.setup.console import SetupError, run


def test_without_apt_it_says_that_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SetupError, match="Chromium is missing, and this machine has no apt-get"):
        debian.install("chromium", purpose="Chromium")


def test_without_rights_it_gives_the_command_for_an_administrator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in {"apt-get": "exit 0", "sudo": "exit 1"}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(SetupError) as refused:
        debian.install("chromium", "fonts-liberation", purpose="Chromium")
    assert "this user may not install it" in str(refused.value)
    assert "apt-get install -y --no-install-recommends chromium fonts-liberation" in str(
        refused.value
    )


def test_with_a_sudo_that_asks_nothing_it_updates_then_installs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    calls = tmp_path / "calls"
    sudo = tmp_path / "sudo"
    sudo.write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >>{calls}\n')
    sudo.chmod(0o755)
    (tmp_path / "apt-get").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "apt-get").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    debian.install("chromium", purpose="Chromium")
    assert calls.read_text().splitlines() == [
        "-n true",
        "-n apt-get update",
        "-n apt-get install --yes --no-install-recommends chromium",
    ]
    assert "Chromium (chromium): done in" in capfd.readouterr().err


def test_a_failing_command_carries_its_output_and_the_cure() -> None:
    with pytest.raises(SetupError) as failed:
        run(sys.executable, "-c", "print('no such package'); exit(7)", cure="Do this.")
    assert "failed (exit 7):\nno such package\n" in str(failed.value)
    assert str(failed.value).endswith("\nDo this.")


def test_a_command_that_is_not_there_carries_the_cure() -> None:
    with pytest.raises(SetupError, match=r"(?s)`absent-program` could not be started.*Do this\."):
        run("absent-program", cure="Do this.")
