"""Whether one client that does not read slows a thousand that do.

`python -m bench.stalled_reader` serves three routes by uvicorn in a process of its own, and reads
them from another, over loopback sockets. A thousand healthy clients follow one lossless topic, and
check every number. Beside them are two more clients: one of a heavy lossless topic as well, one of
a heavy `latest` topic as well. In every second window both stop reading as soon as they have
subscribed; in the others they read. So the load is the same, and the stalled readers are the only
difference. The windows alternate within one run, because the machine drifts. When a window ends
the stalled ones read: the lossless one must find 4008, the `latest` one the newest update. Writes
`results/stalled_reader.json`; exits 1 when something does not hold.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import platform
import sys
import time
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from bench.stalled_reader.client import Reader
from bench.stalled_reader.server import HEAVY, LATEST, TAPE, TAPE_HZ

RESULTS: Final = Path(__file__).parents[1] / "results/stalled_reader.json"
HEALTHY: Final = 1_000
WINDOWS: Final = 40
WINDOW_S: Final = 6.0
"""Four minutes in all. All readers share an update and its lag, so a window's p99 is little more
than its worst update: it takes 1,200 updates of each kind for a p99 that one hiccup does not make.
"""

SETTLE_S: Final = 1.0
"""Between windows: the stalled ones catch up, and what they caused is over."""

MAX_P99_CHANGE: Final = 0.25
MAX_GROWTH_BYTES: Final = 8 << 20
"""Of the server's memory, from the end of the first window: both queues, and what holds them."""

SLOW_CONSUMER: Final = 4008


@dataclass
class Window:
    """What one window has shown."""

    is_stalled: bool
    received: int = 0
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    max_ms: float = 0.0
    server_bytes: int = 0
    lossless_close: int | None = None
    latest_received: int | None = None
    latest_published: int | None = None
    latest_ends_with_the_newest: bool | None = None


@dataclass
class Run:
    """A server process, and everyone who reads from it."""

    process: asyncio.subprocess.Process
    port: int
    healthy: list[Reader] = field(default_factory=list)
    lags_ns: list[int] = field(default_factory=list)
    all_lags_ns: dict[bool, list[int]] = field(default_factory=lambda: {False: [], True: []})
    """Of all windows without the stalled ones, and of all with them."""

    @property
    def server_bytes(self) -> int:
        """The server's resident memory."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(status.partition("VmRSS:")[2].split()[0]) * 1_024

    async def connect(self) -> None:
        """Bring the healthy ones in, some at a time."""
        for _ in range(0, HEALTHY, 50):
            lot = [Reader(self.lags_ns) for _ in range(50)]
            await asyncio.gather(*(one.connect(self.port, [TAPE]) for one in lot))
            self.healthy += lot

    async def window(self, *, is_stalled: bool) -> Window:
        """Let a window pass."""
        window = Window(is_stalled)
        lossless, latest = Reader(), Reader()
        await lossless.connect(self.port, [TAPE, HEAVY])
        await latest.connect(self.port, [LATEST])
        if is_stalled:
            lossless.stall()
            latest.stall()
        self.lags_ns.clear()
        await asyncio.sleep(WINDOW_S)
        lags = sorted(self.lags_ns)
        self.all_lags_ns[is_stalled] += lags
        window.received = len(lags)
        window.p50_ms, window.p99_ms, window.max_ms = (quantile(lags, q) for q in (0.5, 0.99, 1))
        window.server_bytes = self.server_bytes
        if is_stalled:
            await self._wake(window, lossless, latest)
        lossless.close()
        latest.close()
        await asyncio.sleep(SETTLE_S)
        return window

    async def _wake(self, window: Window, lossless: Reader, latest: Reader) -> None:
        first = latest.last[LATEST]
        before = latest.counts[LATEST]
        head = await self._newest()
        lossless.resume()
        latest.resume()
        window.lossless_close = await lossless.ended()
        await latest.reached(LATEST, head)
        window.latest_received = latest.counts[LATEST] - before
        window.latest_published = latest.last[LATEST] - first
        window.latest_ends_with_the_newest = latest.last[LATEST] >= head

    async def _newest(self) -> int:
        """The number of the last update of the `latest` topic."""
        reader = Reader()
        await reader.connect(self.port, [LATEST])
        head: int = reader.last[LATEST]
        reader.close()
        return head


def quantile(sorted_ns: list[int], share: float) -> float:
    """The value below which that share of them lies, in ms."""
    return round(sorted_ns[min(int(len(sorted_ns) * share), len(sorted_ns) - 1)] / 1e6, 2)


def verdict(run: Run, windows: list[Window]) -> dict[str, Any]:
    """What the windows say together."""
    # all windows of a kind together: of one window the p99 is little more than its worst update
    without, with_ = (sorted(run.all_lags_ns[is_stalled]) for is_stalled in (False, True))
    change = quantile(with_, 0.99) / quantile(without, 0.99) - 1
    stalled = [one for one in windows if one.is_stalled]
    growth = max(one.server_bytes for one in windows) - windows[0].server_bytes
    missing = sum(reader.gaps for reader in run.healthy)
    lost = sum(reader.is_over for reader in run.healthy)
    return {
        "healthy": HEALTHY,
        "p99_ms_without": quantile(without, 0.99),
        "p99_ms_with": quantile(with_, 0.99),
        "p99_change": round(change, 3),
        "p50_ms_without": quantile(without, 0.5),
        "p50_ms_with": quantile(with_, 0.5),
        "healthy_lost_updates": missing,
        "healthy_lost_connections": lost,
        "server_bytes_growth": growth,
        "holds": {
            "p99 moves by less than 25 %": abs(change) < MAX_P99_CHANGE,
            "the healthy ones lose nothing": missing == lost == 0,
            "memory stays within bounds": growth < MAX_GROWTH_BYTES,
            "lossless: 4008": all(one.lossless_close == SLOW_CONSUMER for one in stalled),
            "latest: the newest, and few of the others": all(
                one.latest_ends_with_the_newest
                and (one.latest_received or 0) < (one.latest_published or 0)
                for one in stalled
            ),
        },
    }


async def main() -> int:
    """Measure, print and record."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.stalled_reader.server", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    run = Run(process, int(await process.stdout.readline()))
    windows: list[Window] = []
    try:
        await run.connect()
        print(f"{len(run.healthy)} connected", flush=True)
        # a collection of a thousand readers' objects would be measured as the server's lag
        gc.collect()
        gc.freeze()
        await run.window(is_stalled=False)  # everything is warm after this one
        run.all_lags_ns[False].clear()
        for number in range(WINDOWS):
            windows.append(await run.window(is_stalled=number % 4 in {1, 2}))
            print(asdict(windows[-1]), flush=True)
        for reader in run.healthy:
            reader.mark()
        await asyncio.gather(*(one.reached(TAPE, run.healthy[0].marked) for one in run.healthy))
        summary = verdict(run, windows)
    finally:
        process.terminate()
        await process.wait()
    for name, value in summary.items():
        print(f"{name}: {value}")
    record = {
        "what": "latency of 1,000 healthy clients, from publish to receive; half with stalled ones",
        "command": "python -m bench.stalled_reader",
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "updates_per_s": TAPE_HZ,
        "window_s": WINDOW_S,
        "python": platform.python_version(),
        "uvicorn": version("uvicorn"),
        "load_average": os.getloadavg(),
        "machine": f"{platform.system()} {platform.machine()}, 2 processes, loopback",
        "summary": summary,
        "windows": [asdict(one) for one in windows],
    }
    RESULTS.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    return 0 if all(summary["holds"].values()) else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
