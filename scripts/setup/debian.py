"""What Debian's and Ubuntu's own packages bring, where this user may install them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from scripts.setup.console import SetupError, doing, run

_QUIET = {"DEBIAN_FRONTEND": "noninteractive"}


def distribution() -> str:
    """The `ID` of os-release (`debian`, `ubuntu`, ...), or an empty text elsewhere."""
    try:
        text = Path("/etc/os-release").read_text(encoding="utf-8")
    except OSError:
        return ""
    for line in text.splitlines():
        if line.startswith("ID="):
            return line.removeprefix("ID=").strip('"')
    return ""


def install(*packages: str, purpose: str) -> None:
    """Installs packages by apt-get, as root or by a sudo that asks no password.

    Raises:
        SetupError: There is no apt-get, this user may not install, or it failed.
    """
    command = f"apt-get update && apt-get install -y --no-install-recommends {' '.join(packages)}"
    if shutil.which("apt-get") is None:
        message = f"{purpose} is missing, and this machine has no apt-get to install it with."
        raise SetupError(message)
    prefix = privilege()
    if prefix is None:
        message = (
            f"{purpose} is missing, and this user may not install it. As an administrator:\n"
            f"    {command}"
        )
        raise SetupError(message)
    cure = f"{purpose} is missing. Install it by hand, then run this again:\n    {command}"
    with doing(f"{purpose} ({' '.join(packages)})"):
        run(*prefix, "apt-get", "update", cure=cure, env=_QUIET)
        run(
            *prefix,
            "apt-get",
            "install",
            "--yes",
            "--no-install-recommends",
            *packages,
            cure=cure,
            env=_QUIET,
        )


def privilege() -> list[str] | None:
    """What to put before apt-get, or None where this user may not install."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") is None:
        return None
    asks_nothing = subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False)
    return ["sudo", "-n"] if asks_nothing.returncode == 0 else None
