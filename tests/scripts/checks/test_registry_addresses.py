"""No file names a package registry's address."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from scripts.checks.registry_addresses import found
from scripts.repository import ROOT

# In pieces, so that this file passes the check that it tests.
PYPI = "https://" + "pypi" + ".org/simple"
FILES = "https://files." + "pythonhosted" + ".org/packages/aa/bb/x.whl"
NPM = "https://registry." + "npmjs" + ".org/vue/-/vue-3.5.0.tgz"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    return tmp_path


def test_this_repository_names_none() -> None:
    assert found(ROOT) == []


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("uv.lock", f'source = {{ registry = "{PYPI}" }}'),
        ("requirements.lock", f"wheel @ {FILES}"),
        ("requirements.lock", "--index-url " + "https://packages.example/simple"),
        ("requirements.lock", "--extra-index-url=" + "http://10.0.0.7/simple"),
        ("pip.conf", "index-url = " + "https://packages.example/simple"),
        ("package-lock.json", f'      "resolved": "{NPM}",'),
        ("package-lock.json", '      "resolved": ' + '"https://mirror.example/vue.tgz"'),
        (".npmrc", "registry=" + "https://mirror.example/npm"),
        (".npmrc", "@scope:registry=" + "https://mirror.example/npm"),
        ("docs/setup.md", f"pip install --index-url {PYPI} topicwire"),
        ("docs/setup.md", "see static.crates" + ".io"),
        ("Dockerfile", "RUN curl proxy." + "golang.org"),
        ("sources.list", "deb http://deb." + "debian.org/debian bookworm main"),
        ("pom.xml", "<url>https://repo1." + "maven.org/maven2</url>"),
    ],
)
def test_an_address_is_found_by_file_and_line(repository: Path, name: str, line: str) -> None:
    path = repository / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"first\n{line}\nlast\n")
    (place,) = {entry.split(": ", 1)[0] for entry in found(repository)}
    assert place == f"{name}:2"


@pytest.mark.parametrize(
    "line",
    [
        "https://docs.pytest.org/en/stable/",
        "https://packaging.python.org/en/latest/",
        "https://docs.npmjs.com/cli/v11/using-npm/workspaces",
        "https://github.com/topicwire/topicwire",
        "pip install topicwire  # from PyPI",
        "omit-lockfile-registry-resolved=true",
        "registry.register(TradingModule())",
        "registry = ModuleRegistry()  # https://example.org",
        "https://www.debian.org/releases/",
    ],
)
def test_other_addresses_and_names_pass(repository: Path, line: str) -> None:
    (repository / "README.md").write_text(line + "\n")
    assert found(repository) == []


def test_ignored_and_binary_files_are_not_read(repository: Path) -> None:
    (repository / ".gitignore").write_text(".venv/\n")
    (repository / ".venv").mkdir()
    (repository / ".venv/metadata").write_text(PYPI)
    (repository / "picture.png").write_bytes(b"\x89PNG\0" + PYPI.encode())
    assert found(repository) == []
