"""Which Node of the machine is used."""

from __future__ import annotations

import pytest
from scripts.setup.node import is_new_enough


@pytest.mark.parametrize(
    ("version", "enough"),
    [
        ("v18.20.4", False),
        ("v20.18.9", False),
        ("v20.19.0", True),
        ("v20.20.2", True),
        ("v21.7.3", False),  # Vite takes 20.19 or 22.12: an odd one in between is refused
        ("v22.11.0", False),
        ("v22.12.0", True),
        ("v24.0.0", True),
        ("v100.0.0", True),
        ("", False),
        ("node: not found", False),
    ],
)
def test_new_enough_is_what_vite_asks_for(version: str, *, enough: bool) -> None:
    assert is_new_enough(version) is enough
