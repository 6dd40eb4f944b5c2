"""What `make setup` leaves for a shell."""

from __future__ import annotations

from pathlib import Path

import pytest
from scripts.repository import BIN
from scripts.setup import node, python_env, shell


def test_the_commands_are_in_the_folder_that_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(node, "BIN", tmp_path)
    monkeypatch.setattr(python_env, "ensure", lambda: None)
    shell.ensure()
    assert f'export PATH="{tmp_path}:$PATH"' in capsys.readouterr().out
    assert (tmp_path / "topicwire").resolve() == (BIN / "topicwire").resolve()
