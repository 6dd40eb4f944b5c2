"""One copy of the repository for all tests of make targets: setting it up takes a while."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest
from scripts.repository import ROOT
from tests.quickstart.checkout import Checkout


@pytest.fixture(scope="session")
def _set_up(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    checkout = Checkout(tmp_path_factory.mktemp("targets") / "repository")
    # Installing them is tested by tests/quickstart; a copy takes a quarter of the time. What is in
    # the folder is copied, never the folder: where that is a link, `make` would install through it.
    packages = checkout.path / "node_modules"
    packages.mkdir()
    subprocess.run(["cp", "-a", f"{ROOT / 'node_modules'}/.", packages], check=True)
    return checkout


@pytest.fixture
def checkout(_set_up: Checkout) -> Iterator[Checkout]:
    """The repository as it is, committed; whatever a test changes in it is undone."""
    yield _set_up
    _set_up.git("checkout", "--quiet", "--", ".")
    _set_up.git("clean", "--quiet", "-d", "--force")
