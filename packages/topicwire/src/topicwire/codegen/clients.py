"""The clients of an application, from its document: `{path: text}`, nothing written."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from topicwire.codegen.config import AppConfig, TypeScriptConfig
from topicwire.codegen.errors import ConfigError
from topicwire.codegen.typescript import HEADER, INDEX, generate, import_path


def typescript_files(
    config: AppConfig, folders: TypeScriptConfig, document: Any
) -> dict[Path, str]:
    """Return the TypeScript files of a document that was found to be right.

    Raises:
        DocumentError: there are names in it that TypeScript has no room for.
        ConfigError: a file that somebody wrote lies where one of them goes.
    """
    made = generate(document, types_from_client=import_path(folders.client, folders.types))
    files = {folders.types / INDEX: made.types, folders.client / INDEX: made.client}
    for path in files:
        if path.is_file() and not path.read_text("utf-8").startswith(HEADER):
            shown = Path(os.path.relpath(path, config.root)).as_posix()
            raise ConfigError(
                f"{shown} was not generated: it lacks the header {HEADER!r}. Move it away, or "
                "choose another folder in [tool.topicwire.typescript]."
            )
    return files
