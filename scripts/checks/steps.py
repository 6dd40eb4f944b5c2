"""The steps of `make check`, `make test`, `make test-long` and `make format`."""

from __future__ import annotations

from scripts.checks.step import Step
from scripts.generate.artifacts import ARTIFACTS
from scripts.repository import BACKEND, BIN, FRONTEND, ROOT

# Everything that mypy and pyright read: sources and tests alike.
TYPED = (
    "conftest.py",
    "packages/topicwire/src",
    "packages/topicwire/tests",
    "backend/src",
    "backend/scripts",
    "backend/tests",
    "bench",
    "scripts",
    "tests",
)
LONG_TEST_TIMEOUT_S = 7_200
"""After so long a test marked `long` hangs: some take twenty minutes on two idle cores."""

SIDE_BY_SIDE = ("--numprocesses=auto", "--maxprocesses=8", "--dist=worksteal")
"""A process of tests on each core. Each has a stretch of the files in order, and takes half of what
another has left when it is done: what a module's tests share is made twice at few places."""

GENERATED = "src/trading_api/modules/*/ws_generated/*.py"


def _venv(name: str, *command: str, cure: str = "", group: str = "python") -> Step:
    return Step(name, (str(BIN / command[0]), *command[1:]), group=group, cure=cure)


def _node(name: str, *command: str, cwd: str = ".", cure: str = "") -> Step:
    program = str(ROOT / "node_modules/.bin" / command[0])
    return Step(name, (program, *command[1:]), ROOT / cwd, group="typescript", cure=cure)


def _formatted_routers() -> list[Step]:
    """The specification's checks of generated routers, by the settings that are in backend/."""
    routers = sorted(str(path.relative_to(BACKEND)) for path in BACKEND.glob(GENERATED))
    commands = (("black", "--check", "--quiet"), ("isort", "--check-only"), ("flake8",))
    cure = "make generate-ws-routers in backend/"
    return [
        Step(f"{tool} routers", (str(BIN / tool), *options, *routers), BACKEND, "python", cure)
        for tool, *options in commands
    ]


def check() -> list[Step]:
    """What `make check` runs, the longest first."""
    return [
        _venv("mypy", "mypy", *TYPED),
        Step("pyright", (str(ROOT / "node_modules/.bin/pyright"),), group="python"),
        _node("eslint", "eslint", ".", "--max-warnings=0", cure="make format"),
        _node("vue-tsc frontend", "vue-tsc", "--noEmit", cwd="frontend"),
        _node("tsc frontend tools", "tsc", "-p", "tsconfig.tools.json", cwd="frontend"),
        _node("tsc client", "tsc", "-p", "tsconfig.json", cwd="packages/client"),
        _node("tsc e2e", "tsc", "-p", "tsconfig.json", cwd="e2e"),
        _node("prettier", "prettier", "--check", ".", "--log-level=warn", cure="make format"),
        *(
            Step(
                f"fresh: {artifact.name}",
                (*artifact.command, "--check"),
                artifact.cwd,
                group="typescript" if artifact.cwd == FRONTEND else "python",
                cure="make generate, and commit what it wrote",
                hidden=r"^(Stale\. Run|Regenerate): ",  # names the one generator's own command
            )
            for artifact in ARTIFACTS
        ),
        *_formatted_routers(),
        _venv("import rules", "lint-imports"),
        _venv("ruff lint", "ruff", "check", "--quiet", cure="make format, then by hand"),
        _venv("ruff format", "ruff", "format", "--check", "--quiet", cure="make format"),
        _venv("registry addresses", "python", "-m", "scripts.checks.registry_addresses", group=""),
    ]


def test() -> list[Step]:
    """What `make test` runs, one after another: each uses the whole machine."""
    return [
        _pytest("pytest", *SIDE_BY_SIDE),
        _vitest("packages/client"),
        _vitest("frontend"),
        Step(
            "browser",
            (str(BIN / "python"), "-m", "scripts.checks.browser"),
            group="typescript",
            shown=r"^\s*\d+ (passed|failed|skipped|flaky|did not run)\b",
        ),
    ]


def test_long() -> list[Step]:
    """What `make test-long` runs: what is too much for every change."""
    return [
        _pytest("pytest long", "-m", "long", "-o", f"faulthandler_timeout={LONG_TEST_TIMEOUT_S}"),
        _vitest("packages/client", "--mode", "long"),
    ]


def _pytest(name: str, *options: str) -> Step:
    return Step(
        name,
        (str(BIN / "python"), "-m", "pytest", *options),
        group="python",
        shown=r"^=+ .*\d+ (passed|failed|skipped|error).* =+$",
    )


def _vitest(folder: str, *options: str) -> Step:
    program = str(ROOT / "node_modules/.bin/vitest")
    shown = r"^\s*(Test Files|Tests)\s+\d+"
    name = " ".join(("vitest", folder, *options))
    command = (program, "run", *options)
    return Step(name, command, ROOT / folder, "typescript", shown=shown)


def format_() -> list[Step]:
    """What `make format` runs: everything that mends by itself."""
    return [
        _venv("ruff lint", "ruff", "check", "--fix", "--quiet"),
        _venv("ruff format", "ruff", "format", "--quiet"),
        _node("eslint", "eslint", ".", "--fix"),
        _node("prettier", "prettier", "--write", ".", "--log-level=warn"),
    ]
