"""What many sends in one system call go through: forks, threads, and a descriptor that is lost."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from packages.topicwire.tests.hub.writers import compiled_part

COMMON = """
import importlib.util, os, resource, socket, sys, threading
from array import array

spec = importlib.util.spec_from_file_location("topicwire.hub._sending", sys.argv[1])
sending = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sending)
NEVER = 1 << 62

def rings():
    found = []
    for name in os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else []:
        try:
            if "io_uring" in os.readlink(f"/proc/self/fd/{name}"):
                found.append(int(name))
        except OSError:
            pass  # that of the folder itself
    return found

class Many:
    def __init__(self, count=50):
        self.pairs = [socket.socketpair() for _ in range(count)]
        for one in self.pairs:
            for end in one:
                end.setblocking(False)
        self.fds = array("i", [-1, *(ours.fileno() for ours, _ in self.pairs)])
        self.berths = array("i", range(1, count + 1))

    def write(self, data):
        said = sending.write_each(self.fds, self.berths, 0, len(self.berths), data, NEVER)
        assert said == (len(self.berths), ()), said

    def expect(self, data):
        for _, theirs in self.pairs:
            assert theirs.recv(1 << 20) == data
"""

PARTS = {
    "a child that was forked has its own": """
    has = sending.has_batches()
    mine, other = Many(), Many()
    mine.write(b"before ")
    child = os.fork()
    if not child:
        for _ in range(3):
            other.write(b"child ")
        os._exit(0 if sending.has_batches() is has else 1)
    for _ in range(3):
        mine.write(b"parent ")
    assert os.waitpid(child, 0)[1] == 0
    mine.expect(b"before parent parent parent ")
    other.expect(b"child child child ")
    """,
    "two threads at once": """
    sys.setswitchinterval(1e-4)
    several = [Many(40) for _ in range(2)]

    def work(one):
        for number in range(50):
            one.write(b"%03d" % number)

    threads = [threading.Thread(target=work, args=(one,)) for one in several]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in several:
        one.expect(b"".join(b"%03d" % number for number in range(50)))
    """,
    "its descriptor is closed, and is another file's then": """
    many = Many()
    many.write(b"one ")
    assert len(rings()) == sending.has_batches()
    for descriptor in rings():
        os.close(descriptor)
    another = [socket.socketpair() for _ in range(3)]
    many.write(b"two ")
    assert not sending.has_batches()
    many.write(b"three")
    many.expect(b"one two three")
    """,
    "it is refused": """
    many = Many()
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(many.fds) + 1, limits[1]))
    many.write(b"one ")
    many.write(b"two")
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert len(rings()) == 0
    many.expect(b"one two")
    """,
    "where one by one was asked for there is none": """
    many = Many()
    for number in range(3):
        said = sending.write_one_by_one(many.fds, many.berths, 0, 50, b"%d" % number, NEVER)
        assert said == (50, ())
    many.expect(b"012")
    """,
}


@pytest.fixture(autouse=True)
def direct() -> None:
    """There is no hub."""


@pytest.fixture(scope="module")
def part(tmp_path_factory: pytest.TempPathFactory) -> Path | None:
    """It, compiled."""
    return compiled_part(tmp_path_factory.mktemp("part"))


@pytest.mark.parametrize("what", list(PARTS))
def test_everybody_has_all_of_it_once(what: str, part: Path | None) -> None:
    if part is None:  # there is no compiler: it is all in Python, which knows of none of this
        return
    lines = [line.removeprefix("    ") for line in PARTS[what].splitlines()]
    done = subprocess.run(
        [sys.executable, "-c", COMMON + "\n".join(lines), str(part)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
