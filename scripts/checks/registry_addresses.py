"""No tracked file names the address of a package registry.

A lock file or a setting that does would send everybody who uses the repository to that one host,
past the mirror that their own machine is set up for. Packages are named, never placed.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

# Escaped as regular expressions are, these lines do not match themselves.
_HOSTS = (
    r"pypi\.org",
    r"pypi\.python\.org",
    r"pythonhosted\.org",
    r"npmjs\.org",
    r"registry\.npmjs\.com",
    r"registry\.yarnpkg\.com",
    r"npmmirror\.com",
    r"jsr\.io",
    r"crates\.io",
    r"proxy\.golang\.org",
    r"sum\.golang\.org",
    r"repo1?\.maven\.(org|apache\.org)",
    r"repo\.maven\.apache\.org",
    r"rubygems\.org",
    r"(deb|security|snapshot|ftp)(\.[a-z]+)?\.debian\.org",
    r"(archive|security|ports)\.ubuntu\.com",
    r"deb\.nodesource\.com",
    r"conda\.anaconda\.org",
)
# Whatever the host: a setting of a package client that places it.
_SETTINGS = (
    r"--(extra-)?index-url[ =]+['\"]?https?:",
    r"--find-links[ =]+['\"]?https?:",
    r"^ *(index-url|extra-index-url|registry|@[a-z0-9-]+:registry) *= *['\"]?https?:",
    r"\"resolved\": *\"https?:",
)
PATTERN = re.compile(
    rf"(?<![\w-])({'|'.join(_HOSTS)})(?![\w-])|{'|'.join(_SETTINGS)}", re.IGNORECASE | re.MULTILINE
)


def tracked(root: Path) -> list[Path]:
    """The files that a commit of everything would hold: tracked, and new ones not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return [root / name for name in sorted(set(listed.split("\0"))) if name]


def found(root: Path) -> list[str]:
    """Each address as `path:line: what was found`."""
    lines: list[str] = []
    for path in tracked(root):
        if not path.is_file() or path.is_symlink():
            continue
        content = path.read_bytes()
        if b"\0" in content[:8192]:
            continue
        text = content.decode("utf-8", errors="replace")
        for match in PATTERN.finditer(text):
            number = text.count("\n", 0, match.start()) + 1
            lines.append(f"{path.relative_to(root)}:{number}: {match[0].strip()}")
    return lines


def main() -> int:
    """Exits 1 and lists the places when there are any; takes the repository's folder, or `.`."""
    root = Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    places = found(root)
    for place in places:
        print(place)
    if places:
        print(
            "Files must not name a package registry: each machine's own settings say where packages"
            " come from. Remove the address; compile lock files with `make lock` (Python) and npm"
            " (the .npmrc here leaves addresses out)."
        )
    return 1 if places else 0


if __name__ == "__main__":
    sys.exit(main())
