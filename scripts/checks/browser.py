"""The browser's tests: a Chromium, installed where missing and possible, then Playwright."""

from __future__ import annotations

import subprocess
import sys

from scripts.repository import ROOT, tool_environment


def main() -> int:
    """Exits with Playwright's code, or says why there is no browser to test with and exits 1."""
    installed = subprocess.run(
        [ROOT / "scripts/python", "-m", "scripts.setup", "browser"], cwd=ROOT, check=False
    )
    if installed.returncode != 0:
        return installed.returncode
    done = subprocess.run(
        [ROOT / "node_modules/.bin/playwright", "test", *sys.argv[1:]],
        cwd=ROOT / "e2e",
        env=tool_environment(),
        check=False,
    )
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
