"""What a process reads is noted: in a process of its own, since no audit hook is ever removed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROGRAM = """
import json, os, sys
from topicwire.codegen.reading import Reading

reading = Reading()
with reading.watched():
    exec(sys.argv[1])
os.environ.get("LATER")
open("later.txt", "w").close()
open("later.txt").close()
assert type(os.environ).__module__ == "os" and "watched" not in dir(os.environ)
print(json.dumps({
    "files": sorted(reading.files),
    "inputs": sorted(reading.inputs()),
    "folders": sorted(reading.folders),
    "variables": sorted(reading.variables),
    "whole": reading.whole_environment,
    "beyond": reading.beyond,
}))
"""


def read(code: str, folder: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, code], cwd=folder, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_files_that_are_read_are_noted_and_those_that_are_written_are_not(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    code = """
from pathlib import Path
from typing import Any
open("a.txt").close()
try: Path("missing.txt").read_bytes()
except OSError: pass
for mode in ("w", "a", "xb"): open(f"{mode}.txt", mode).close()
for mode in ("w+", "a+", "r+b"): open("w.txt" if mode[0] == "r" else f"{mode}.txt", mode).close()
os.close(os.open("a.txt", os.O_RDONLY))
os.close(os.open("only.txt", os.O_WRONLY | os.O_CREAT))
"""
    found = read(code, tmp_path)
    names = {Path(one).name for one in found["files"] if one.startswith(str(tmp_path))}
    assert names == {"a.txt", "missing.txt", "w+.txt", "a+.txt", "w.txt"}


def test_folders_that_are_listed_are_noted(tmp_path: Path) -> None:
    for name in ("one", "two", "three"):
        (tmp_path / name).mkdir()
    code = """
from pathlib import Path
from typing import Any
os.listdir("one"); list(os.scandir("two")); list(Path("three").glob("*")); os.listdir()
"""
    found = read(code, tmp_path)
    here = {one for one in found["folders"] if one.startswith(str(tmp_path))}
    assert here == {str(tmp_path), *(str(tmp_path / one) for one in ("one", "two", "three"))}


@pytest.mark.parametrize(
    ("code", "variables"),
    [
        ("os.environ.get('A')", {"A"}),
        ("os.getenv('A')", {"A"}),
        ("'A' in os.environ", {"A"}),
        ("os.environ.setdefault('A', 'x')", {"A"}),
        ("os.environ.pop('A', None)", {"A"}),
        ("os.environb.get(b'A')", {"A"}),
        ("os.environ['A'] = 'x'", set()),
    ],
)
def test_variables_that_are_asked_for_are_noted(
    tmp_path: Path, code: str, variables: set[str]
) -> None:
    found = read(code, tmp_path)
    assert set(found["variables"]) == variables
    assert not found["whole"]


@pytest.mark.parametrize(
    "code",
    [
        "dict(os.environ)",
        "list(os.environ)",
        "os.environ.copy()",
        "{**os.environ}",
        "len(os.environ)",
        "str(os.environ)",
        "os.environ | {}",
        "sorted(os.environ.items())",
        "os.environ == {}",
        "list(os.environb)",
    ],
)
def test_who_goes_through_the_environment_has_read_all_of_it(tmp_path: Path, code: str) -> None:
    assert read(code, tmp_path)["whole"]


def test_a_module_is_noted_by_its_source_though_it_is_there_no_more(tmp_path: Path) -> None:
    (tmp_path / "gone.py").write_text("")
    (tmp_path / "kept.py").write_text("")
    code = """
sys.path.insert(0, os.getcwd())
import gone, kept
del sys.modules["gone"], sys.modules["kept"]
import kept  # from its compiled file
del sys.modules["gone" if "gone" in sys.modules else "kept"]
import json.tool
"""
    found = read(code, tmp_path)
    mine = {Path(one).name for one in found["inputs"] if one.startswith(str(tmp_path))}
    assert mine == {"gone.py", "kept.py"}
    assert not [one for one in found["inputs"] if one.endswith("json/tool.py")]
    assert [one for one in found["inputs"] if one.endswith("topicwire/codegen/reading.py")]


def test_a_compiled_file_elsewhere_stands_for_its_source(tmp_path: Path) -> None:
    (tmp_path / "kept.py").write_text("")
    code = """
sys.dont_write_bytecode = False
sys.pycache_prefix = os.path.join(os.getcwd(), "compiled")
sys.path.insert(0, os.getcwd())
import kept
del sys.modules["kept"]
import kept  # from its compiled file
del sys.modules["kept"]
assert os.path.isdir("compiled")
"""
    found = read(code, tmp_path)
    mine = {Path(one).name for one in found["inputs"] if one.startswith(str(tmp_path))}
    assert mine == {"kept.py"}


@pytest.mark.parametrize(
    ("code", "event"),
    [
        ("os.system('')", "os.system"),
        ("import subprocess; subprocess.run([sys.executable, '-c', ''])", "subprocess.Popen"),
        ("import sqlite3; sqlite3.connect(':memory:').close()", "sqlite3.connect"),
        ("import socket; socket.gethostname()", "socket.gethostname"),
        ("import socket; socket.getaddrinfo('127.0.0.1', 1)", "socket.getaddrinfo"),
        ("list(os.scandir(os.open('.', os.O_RDONLY)))", "os.listdir"),
        ("x = 1", ""),
    ],
)
def test_what_cannot_be_noted_is_told(tmp_path: Path, code: str, event: str) -> None:
    assert read(code, tmp_path)["beyond"] == event
