"""What is generated, in the order of its making."""

from __future__ import annotations

import subprocess
import sys

from scripts.generate.artifacts import ARTIFACTS, chosen
from scripts.repository import ROOT


def test_all_when_none_is_named_and_always_in_making_order() -> None:
    assert chosen([]) == list(ARTIFACTS)
    names = [artifact.name for artifact in ARTIFACTS]
    assert [artifact.name for artifact in chosen(names[::-1])] == names


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "scripts.generate", "router"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "nothing named 'router' is generated" in done.stderr
    assert all(artifact.name in done.stderr for artifact in ARTIFACTS)
