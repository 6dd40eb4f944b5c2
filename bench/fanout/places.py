"""Where things are: the sources here, and what is made of them outside the repository."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
NATIVE: Final = Path(__file__).parent / "native"
SERVERS: Final = Path(__file__).parent / "servers"
RESULTS: Final = ROOT / "bench/results/fanout.json"
PAGE: Final = ROOT / "docs/benchmarks.md"
PLOTS: Final = ROOT / "docs/images"
CACHE: Final = Path(
    os.environ.get("TOPICWIRE_BENCH_CACHE") or Path.home() / ".cache/topicwire-bench"
)
"""Environments of the peers and compiled programs; may be deleted at any time."""
