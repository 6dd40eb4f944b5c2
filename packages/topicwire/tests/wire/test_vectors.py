"""The values that clients in other languages read are what another library packs."""

from __future__ import annotations

import json
from pathlib import Path

import msgpack

VALUES = Path(__file__).parents[3] / "vectors/msgpack/values.json"


def test_the_vectors_are_what_another_library_makes_of_the_json() -> None:
    vectors = json.loads(VALUES.read_text(encoding="utf-8"))
    assert len(vectors) > 50
    for vector in vectors:
        value, data = json.loads(vector["json"]), bytes.fromhex(vector["msgpack"])
        assert msgpack.unpackb(data) == value
        if not vector.get("longer"):
            assert msgpack.packb(value) == data, vector
