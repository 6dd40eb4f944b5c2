"""Chromium for the browser's tests: Debian's own package, elsewhere what Playwright fetches."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from scripts.repository import ROOT
from scripts.setup import debian, node
from scripts.setup.console import SetupError, doing, run

DEBIAN_CHROMIUM = Path("/usr/bin/chromium")

_BY_HAND = "Install Chromium by hand (Debian: apt-get install chromium) and run the same again."


def ensure() -> None:
    """Leaves a Chromium that the tests of e2e/ find (playwright.config.ts); CHROMIUM names another.

    Raises:
        SetupError: None is there and none can be installed; says what to do.
    """
    chosen = os.environ.get("CHROMIUM")
    if chosen and not Path(chosen).exists():
        message = f"CHROMIUM is {chosen}, and there is no such file. Unset it, or mend the path."
        raise SetupError(message)
    if chosen or DEBIAN_CHROMIUM.exists():
        return
    if debian.distribution() == "debian":
        # Without a font a page has no text to look at.
        debian.install("chromium", "fonts-liberation", purpose="Chromium for the browser's tests")
        return
    _ensure_playwrights_own()


def _ensure_playwrights_own() -> None:
    node.ensure_packages()
    located = run(
        "node",
        "-e",
        "console.log(require('@playwright/test').chromium.executablePath())",
        cwd=ROOT / "e2e",
        cure=_BY_HAND,
    ).strip()
    if Path(located).exists():
        return
    if not shutil.which("npx"):
        message = f"There is no npx to install Chromium with. {_BY_HAND}"
        raise SetupError(message)
    # The libraries below Chromium come from the distribution, which takes an administrator.
    with_libraries = ["--with-deps"] if os.geteuid() == 0 or debian.privilege() is not None else []
    with doing("Chromium, by Playwright"):
        run(
            "npx",
            "playwright",
            "install",
            *with_libraries,
            "chromium",
            cwd=ROOT / "e2e",
            cure=_BY_HAND,
        )
