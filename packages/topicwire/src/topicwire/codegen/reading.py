"""What a process reads while it makes a document: files, folders and environment variables.

Python tells of each file that it opens and each folder that it lists (PEP 578), and of what no
record can hold: a connection, another process, a database.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import source_from_cache
from pathlib import Path
from typing import Any, Final

BEYOND_RECORD: Final = frozenset(
    {
        "os.exec",
        "os.fork",
        "os.forkpty",
        "os.posix_spawn",
        "os.spawn",
        "os.startfile",
        "os.system",
        "socket.bind",
        "socket.connect",
        "socket.getaddrinfo",
        "socket.gethostbyaddr",
        "socket.gethostbyname",
        "socket.gethostname",
        "socket.getnameinfo",
        "sqlite3.connect",
        "subprocess.Popen",
        "winreg.OpenKey",
    }
)
"""What is found out by these is in no file: whoever does one has read what cannot be compared."""

_FOLDER_LISTED: Final = frozenset({"os.listdir", "os.scandir"})
_NOTED: Final = BEYOND_RECORD | _FOLDER_LISTED | {"open"}
_ONLY_WRITES: Final = os.O_WRONLY
_OURS: Final = str(Path(__file__).parents[1]) + os.sep
_read_of_ours: Final[set[str]] = set()
"""What is read of Topicwire's own files is kept in memory: the next application needs it too."""


class Reading:
    """What was read so far.

    Attributes:
        files: opened for reading, whether they were there or not.
        folders: listed.
        variables: of the environment, asked for by name.
        whole_environment: it was gone through.
        beyond: what was done that no record can hold; "" for nothing.

    Args:
        programs: may be started: each does what its bytes say, with arguments and an input that
            are made of what is read here.
    """

    def __init__(self, programs: Collection[str] = ()) -> None:
        self.files: set[str] = set()
        self.folders: set[str] = set()
        self.variables: set[str] = set()
        self.whole_environment = False
        self.beyond = ""
        self._is_watched = False
        self._programs = frozenset(programs)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Note what the process reads until the end of the block."""
        noticed = self._noticed

        def hook(event: str, arguments: tuple[Any, ...], noted: frozenset[str] = _NOTED) -> None:
            # Called for tens of thousands of things, until the process ends: `id(...)` is one.
            if event in noted:
                noticed(event, arguments)

        sys.addaudithook(hook)
        environments = [os.environ, *([os.environb] if os.supports_bytes_environ else [])]
        kind = type(os.environ)
        noting = _environment(kind, self)
        for one in environments:
            one.__class__ = noting
        self._is_watched = True
        try:
            yield
        finally:
            self._is_watched = False
            for one in environments:
                one.__class__ = kind

    def inputs(self) -> frozenset[str]:
        """Return the files that were read, those of all modules included.

        The standard library's are left out: its version says them.
        """
        standard = tuple(f"{sysconfig.get_path(name)}{os.sep}" for name in ("stdlib", "platstdlib"))
        found = {_source(one) for one in self.files | _read_of_ours}
        found |= {_absolute(one) or one for one in _of_modules()}
        return frozenset(one for one in found if not _is_standard(one, standard))

    def _noticed(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self._is_watched:
            if event == "open":
                self._opened(*arguments)
            elif event in _FOLDER_LISTED:
                self._listed(arguments[0])
            elif event == "subprocess.Popen" and arguments[0] in self._programs:
                self.files.add(arguments[0])
            else:
                self.beyond = self.beyond or event

    def _opened(self, path: object, mode: object, flags: object) -> None:
        if isinstance(mode, str):
            writes_only = "+" not in mode and mode[:1] in {"w", "a", "x"}
        else:
            writes_only = isinstance(flags, int) and flags & 3 == _ONLY_WRITES
        if writes_only or isinstance(path, int):  # a number is of a file that was opened before
            return
        name = _absolute(path)
        if name is None:
            self.beyond = self.beyond or "open"
        else:
            self.files.add(name)
            if name.startswith(_OURS):
                _read_of_ours.add(name)

    def _listed(self, path: object) -> None:
        name = _absolute("." if path is None else path)
        if name is None:
            self.beyond = self.beyond or "os.listdir"
        else:
            self.folders.add(name)


def _of_modules() -> Iterator[str]:
    for module in list(sys.modules.values()):
        spec = getattr(module, "__spec__", None)
        origin = getattr(spec, "origin", None) if getattr(spec, "has_location", False) else None
        path = origin or getattr(module, "__file__", None)
        if isinstance(path, str):
            yield path


def _source(path: str) -> str:
    """Return what a compiled file was made from; any other file as it is."""
    if not path.endswith(".pyc"):
        return path
    try:
        return source_from_cache(path)
    except ValueError:  # it is called otherwise, or is elsewhere, than Python has it
        return path


def _absolute(path: Any) -> str | None:
    if isinstance(path, str) and path.startswith(os.sep):
        return path
    try:
        return str(Path(os.fsdecode(path)).absolute())
    except (TypeError, ValueError):
        return None


def _is_standard(path: str, standard: tuple[str, ...]) -> bool:
    return path.startswith(standard) and "site-packages" not in Path(path).parts


def _environment(kind: Any, reading: Reading) -> Any:
    """A class of environments that notes what is asked for; its objects are those of `kind`."""

    def named(self: Any, key: Any) -> Any:
        if isinstance(key, (str, bytes)):
            reading.variables.add(os.fsdecode(key))
        return kind.__getitem__(self, key)

    def all_of(method: Callable[..., Any]) -> Callable[..., Any]:
        def noted(self: Any) -> Any:
            reading.whole_environment = True
            return method(self)

        return noted

    methods: Mapping[str, Any] = {
        "__getitem__": named,
        "__iter__": all_of(kind.__iter__),
        "__len__": all_of(kind.__len__),
        "__repr__": all_of(kind.__repr__),
        "copy": all_of(kind.copy),
    }
    return type(kind.__name__, (kind,), dict(methods))
