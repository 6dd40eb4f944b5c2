from __future__ import annotations

import pytest
from bench.fanout.native import Programs, compiled


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Programs:
    return compiled(tmp_path_factory.mktemp("native"))
