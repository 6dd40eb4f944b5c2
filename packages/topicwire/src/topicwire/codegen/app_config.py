"""What the settings of an application say: where it keeps what is read and written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from topicwire.codegen.scalars import Scalar

NAME = "tool.topicwire"
CACHE_FOLDER = ".topicwire_cache"


@dataclass(frozen=True, slots=True)
class TypeScriptConfig:
    """`[tool.topicwire.typescript]`: absolute folders.

    Attributes:
        types: of the types.
        client: of the map of routes.
        validators: of the validators of what is received; None where none are wanted.
        scalars: types that stand for formats, instead of those of the wire.
    """

    types: Path
    client: Path
    validators: Path | None = None
    scalars: tuple[Scalar, ...] = ()


@dataclass(frozen=True, slots=True)
class PythonConfig:
    """`[tool.topicwire.python]`: the generated Python client."""

    folder: Path
    """Absolute: of the package's own pyproject.toml."""

    package: str | None
    """None: after the document's title."""

    client: str | None
    """The name of its class; None: after the title, too."""


@dataclass(frozen=True, slots=True)
class AppConfig:
    """What `[tool.topicwire]`, or one `[[tool.topicwire.app]]`, says, with every path absolute.

    Attributes:
        root: the folder of `pyproject.toml`; paths are shown relative to it.
        base: where the paths of the settings begin: `root`, or that of one of several applications.
        src: the folder that holds `package`; what is below it is first-party.
        package: the application's package, such as `trading_api`; "" when not set.
        declarations: a glob below the package's folder.
        template: the file with the generic router class.
        output: the folder beside each declaring file.
        app: `module:factory`, or `module:app` of an application that is there; "" when not set.
        asyncapi: where the document is exported to.
        manifest: the one file that says which version of the generator made the output.
        command: how generated files say they are made again.
        typescript: None when not set.
        python: None when not set.
        keeps_cache: there is an application's folder that may hold `cache_dir`.
        name: of one of several applications; "" of the only one.
    """

    root: Path
    base: Path
    src: Path
    package: str
    declarations: str
    template: Path
    output: str
    app: str
    asyncapi: Path
    manifest: Path
    command: str
    typescript: TypeScriptConfig | None = None
    python: PythonConfig | None = None
    keeps_cache: bool = True
    name: str = ""

    @property
    def package_dir(self) -> Path:
        """The folder of the package."""
        return self.src.joinpath(*self.package.split("."))

    @property
    def cache_dir(self) -> Path:
        """For locks, staged files and stamps. Nothing in it is needed or committed."""
        return self.root / CACHE_FOLDER / self.name

    @property
    def table(self) -> str:
        """Where its settings are, as messages say it."""
        return f"[[{NAME}.app]] {self.name!r}:" if self.name else f"[{NAME}]"

    def shown(self, path: Path) -> str:
        """A path as it is printed: relative to `root`, with forward slashes."""
        try:
            return path.relative_to(self.root).as_posix()
        except ValueError:
            return path.as_posix()
