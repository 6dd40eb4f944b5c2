"""What the Quick Start prints passes the linter as it is, but for an order that a command mends."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from scripts.repository import BIN, ROOT

from tests.quickstart.specification import under
from tests.quickstart.steps import SPECIFICATION


@pytest.mark.parametrize("step", ["Step 1", "Step 3", "Step 5"])
def test_printed_code_passes_the_linter(step: str) -> None:
    block = under(ROOT / SPECIFICATION, step)[0]
    path = Path(str(block.path).split(maxsplit=1)[0])
    # INP001: the folder is not there; I001: `make format` sorts.
    command = [
        str(BIN / "ruff"),
        "check",
        "--ignore=I001,INP001",
        "--no-cache",
        "--stdin-filename",
        str(path),
        "-",
    ]
    done = subprocess.run(
        command, cwd=ROOT, input=block.text, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
