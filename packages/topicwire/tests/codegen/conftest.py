"""An application of its own for each test."""

from __future__ import annotations

from pathlib import Path

import pytest
from packages.topicwire.tests.codegen.sample import Sample


@pytest.fixture
def app(tmp_path: Path) -> Sample:
    """One module, `trading`, that declares `TradeWsRouter`; nothing is generated yet."""
    return Sample(tmp_path / "app").populate()
