"""What decides a generated client, beside the files that are read for it: see `remembered`."""

from __future__ import annotations

from pathlib import Path

from topicwire.codegen.client_files import files_in, typescript_in
from topicwire.codegen.config import TypeScriptConfig
from topicwire.codegen.remembered import Subject

_FILE = "clients.json"


def typescript_client(document: str, folders: TypeScriptConfig) -> Subject:
    """Return what `topicwire client typescript` makes.

    Args:
        document: a path.
        folders: where the files go, and what stands for formats.
    """
    asked = ("typescript", str(Path(document).absolute()), repr(folders))
    return Subject(_FILE, "typescript", asked, lying=lambda: typescript_in(folders))


def python_client(
    document: str, folder: Path, names: tuple[str | None, str | None], formatter: str
) -> Subject:
    """Return what `topicwire client python` makes.

    Args:
        document: a path.
        folder: of the client.
        names: of the package and of its class; None for one that the document gives.
        formatter: the program that lays the code out.
    """
    asked = ("python", str(Path(document).absolute()), str(folder), repr(names), formatter)
    return Subject(_FILE, None, asked, lying=lambda: files_in(folder))
