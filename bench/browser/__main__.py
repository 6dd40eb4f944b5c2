"""Measure what 50,000 updates a second cost the main thread of a page, in Chromium.

`python -m bench.browser` builds the client, serves a page that holds it, and sends it updates, ten
in a frame of the socket: of one topic, of a hundred, of a thousand, each a subscription of its own;
and of one topic, each update in a frame of its own. The socket is on the page, or in a worker.
Beside the client is a page without a library: a plain WebSocket and `JSON.parse`. Each window is a
page of its own; ways and cases take turns within each round. Most windows are served prebuilt
frames by a C program, for the server takes a core of the same machine; the rows `hub` are the real
hub's. Writes `results/browser.json` and `docs/browser.md`; exits 1 when something does not hold.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from bench.browser.page import PAGE, text
from bench.browser.results import CASES, RESULTS, Case, summary, verdict
from bench.browser.sender import compiled

ROOT: Final = Path(__file__).parents[2]
CLIENT: Final = ROOT / "packages/client"
ENTRIES: Final = {
    "@topicwire/client": "index.js",
    "@topicwire/client/animation-frame": "animation-frame/index.js",
    "@topicwire/client/worker": "worker/index.js",
}
UPDATES_PER_S: Final = 50_000


def build(folder: Path) -> Path:
    """Build the client as it is published, and the page's script with it."""
    subprocess.run(["node", "scripts/build.js"], cwd=CLIENT, check=True)
    script = folder / "page.js"
    aliases = [f"--alias:{name}={CLIENT}/dist/{file}" for name, file in ENTRIES.items()]
    flags = ["--bundle", "--minify", "--format=esm", "--target=es2022", "--log-level=error"]
    esbuild = ROOT / "node_modules/.bin/esbuild"
    source = Path(__file__).with_name("page.js")
    subprocess.run([esbuild, source, *flags, *aliases, f"--outfile={script}"], check=True)
    return script


class Program:
    """A child that says a line of JSON when it is ready, and one for each that it is told."""

    def __init__(self, *command: str | Path) -> None:
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.ready = self._hear()

    def ask(self, question: object) -> dict[str, Any]:
        """Ask, and wait for the answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        return self._hear()

    def stop(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(2)
        except subprocess.TimeoutExpired:
            self._process.terminate()
            self._process.wait()

    def _hear(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._process.args!r} has ended")
        answer: dict[str, Any] = json.loads(line)
        return answer


def measure(
    cases: list[Case], rounds: int, window_s: float, profile: str | None
) -> tuple[str, list[dict[str, Any]]]:
    """Let every case have its windows. Returns the browser's version and what was seen."""
    seen: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="topicwire-browser-") as folder:
        script = build(Path(folder))
        sender = compiled(Path(folder))
        server = Program(sys.executable, "-m", "bench.browser.server", script, sender)
        try:
            ports = [str(server.ready[name]) for name in ("port", "prebuilt")]
            driver = Program("node", "bench/browser/drive.js", *ports)
            try:
                for number in range(rounds):
                    for case in cases if number % 2 == 0 else cases[::-1]:
                        asked = case._asdict() | {
                            "per_s": UPDATES_PER_S,
                            "warm_s": 1,
                            "window_s": window_s,
                            "profile": profile is not None,
                        }
                        window = driver.ask(asked)
                        profiled = window.pop("profile", None)
                        if profile is not None:
                            name = "-".join(map(str, case)).replace(" ", "-") + ".cpuprofile"
                            Path(profile, name).write_text(json.dumps(profiled), encoding="utf-8")
                        seen.append(case._asdict() | {"round": number} | window)
                        print(seen[-1], flush=True)
            finally:
                driver.stop()
        finally:
            server.stop()
    return str(driver.ready["chromium"]), seen


def main() -> int:
    """Measure, print and record."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.browser",
        description="Measure what 50,000 updates a second cost a page, in Chromium.",
        epilog="example: python -m bench.browser --rounds 1 --window 2 --topics 1 --no-record",
    )
    parser.add_argument("--rounds", type=int, default=5, help="windows of each case (5)")
    parser.add_argument("--window", type=float, default=3.0, help="their length, in seconds (3)")
    parser.add_argument("--topics", type=int, help="only the cases of so many topics")
    parser.add_argument("--way", help="only this way of taking updates")
    parser.add_argument("--profile", metavar="FOLDER", help="write CPU profiles there")
    parser.add_argument("--no-record", action="store_true", help="print, and write nothing")
    given = parser.parse_args()
    cases = [
        case
        for case in CASES
        if given.topics in {None, case.topics} and given.way in {None, case.way}
    ]
    if not cases:
        parser.error("no case is left")
    if shutil.which("node") is None:
        parser.error("node is not on PATH")
    load_before = os.getloadavg()
    began_s = time.monotonic()
    chromium, windows = measure(cases, given.rounds, given.window, given.profile)
    rows = summary(windows)
    holds = verdict(rows)
    record = {
        "what": "the main thread of a page that is sent 50,000 updates a second",
        "command": "python -m bench.browser",
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "updates_per_s": UPDATES_PER_S,
        "rounds": given.rounds,
        "window_s": given.window,
        "took_s": round(time.monotonic() - began_s),
        "chromium": chromium,
        "python": platform.python_version(),
        "machine": {
            "system": f"{platform.system()} {platform.machine()}",
            "cores": os.cpu_count(),
            "load_before": load_before,
            "load_after": os.getloadavg(),
        },
        "holds": holds,
        "rows": rows,
        "windows": windows,
    }
    for row in rows:
        print(row)
    for name, it_holds in holds.items():
        print(f"{'holds' if it_holds else 'DOES NOT HOLD'}: {name}")
    if not given.no_record:
        RESULTS.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
        PAGE.write_text(text(record), encoding="utf-8")
    return 0 if all(holds.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
