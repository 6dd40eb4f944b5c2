"""Our two C programs, compiled when they are needed: the send loop and the load generator."""

from __future__ import annotations

import hashlib
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.fanout.places import CACHE, NATIVE

COMPILER: Final = "cc"
FLAGS: Final = ("-O2", "-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror")
SHARED: Final = ("stream.c", "websocket.c")
PROGRAMS: Final = {"loop": ("loop.c", *SHARED), "load": ("load.c", "clients.c", *SHARED)}


@dataclass(frozen=True)
class Programs:
    """The compiled programs.

    Attributes:
        loop: the C `send()` loop.
        load: the load generator.
        has_tls: OpenSSL's headers were at hand.
        compiler: what compiled them, as it calls itself.
    """

    loop: Path
    load: Path
    has_tls: bool
    compiler: str


def compiled(cache: Path = CACHE) -> Programs:
    """Compile what has changed; a warning is an error.

    Raises:
        subprocess.CalledProcessError: the compiler refuses; what it says is on standard error.
        FileNotFoundError: there is no `cc`.
    """
    found = subprocess.run([COMPILER, "--version"], capture_output=True, text=True, check=True)
    version = found.stdout.partition("\n")[0]
    has_tls = _has_openssl()
    digest = hashlib.sha256(f"{version}{FLAGS}{has_tls}".encode())
    for source in sorted(NATIVE.iterdir()):
        digest.update(source.read_bytes())
    folder = cache / "native" / digest.hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    tls = (("-DWITH_TLS",), ("-lssl", "-lcrypto")) if has_tls else ((), ())
    for name, sources in PROGRAMS.items():
        if (folder / name).exists():
            continue
        # compiled beside its place, then moved: whoever runs at the same time finds all or nothing
        with tempfile.TemporaryDirectory(dir=folder) as aside:
            made = Path(aside, name)
            files = [str(NATIVE / source) for source in sources]
            subprocess.run([COMPILER, *FLAGS, *tls[0], "-o", made, *files, *tls[1]], check=True)
            made.rename(folder / name)
    return Programs(folder / "loop", folder / "load", has_tls, version)


def _has_openssl() -> bool:
    command = [COMPILER, "-x", "c", "-", "-o", "/dev/null", "-lssl", "-lcrypto"]
    source = "#include <openssl/ssl.h>\nint main(void) { return OPENSSL_VERSION_MAJOR < 1; }\n"
    return subprocess.run(command, input=source, capture_output=True, text=True).returncode == 0  # noqa: PLW1510 - the code is the answer
