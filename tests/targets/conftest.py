"""One copy of the repository for all tests of make targets: setting it up takes a while."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.quickstart.checkout import Checkout


@pytest.fixture(scope="session")
def _set_up(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    checkout = Checkout(tmp_path_factory.mktemp("targets") / "repository")
    checkout.take_packages()  # `make test-long` installs them, in tests/quickstart
    return checkout


@pytest.fixture
def checkout(_set_up: Checkout) -> Iterator[Checkout]:
    """The repository as it is, committed; whatever a test changes in it is undone."""
    yield _set_up
    _set_up.git("checkout", "--quiet", "--", ".")
    _set_up.git("clean", "--quiet", "-d", "--force")
