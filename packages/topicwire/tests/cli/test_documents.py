"""`topicwire spec` and `topicwire client typescript`, each run in a process of its own."""

from __future__ import annotations

import http.server
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from packages.topicwire.tests import forked

TOPICWIRE = Path(sys.executable).with_name("topicwire")

PYPROJECT = """
[tool.topicwire]
package = "acme"
app = "acme.main:create_app"

[tool.topicwire.typescript]
types = "../page/types"
client = "../page/client"
"""

APP = '''
from fastapi import FastAPI
from pydantic import BaseModel

from topicwire import FastWSAdapter, WsRouter


class Ask(BaseModel):
    symbol: str


class Tick(BaseModel):
    """One price."""

    price: float


def create_app():
    api = FastAPI(title="Acme")
    ws = FastWSAdapter(title="Acme", version="1.0.0")
    ws.include_router(WsRouter[Ask, Tick](route="ticks"))
    ws.setup(api)
    return api, ws
'''


ODD_APPS = """

def takes_one(name):
    return create_app()


bare = FastAPI()
both, _ = create_app()
FastWSAdapter(title="Other", version="1.0.0", path="/other").setup(both)
"""


class Project:
    def __init__(self, root: Path) -> None:
        self.root = root / "app"
        self.page = root / "page"
        self.document = self.root / "generated/asyncapi.json"
        self.write("pyproject.toml", PYPROJECT)
        self.write("src/acme/__init__.py", "")
        self.write("src/acme/main.py", APP)

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def append(self, name: str, text: str) -> None:
        self.write(name, (self.root / name).read_text("utf-8") + text)

    def edit(self, name: str, old: str, new: str) -> None:
        text = (self.root / name).read_text("utf-8")
        assert old in text
        self.write(name, text.replace(old, new))

    def run(self, *arguments: str, code: int = 0) -> str:
        """Run the command line in the project. Returns what it printed, to either stream."""
        done = forked.topicwire(self.root, *arguments)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def files(self) -> dict[str, str]:
        return {
            str(path.relative_to(self.root.parent)): path.read_text("utf-8")
            for path in self.root.parent.rglob("*")
            if path.suffix in {".ts", ".json"} and ".topicwire_cache" not in path.parts
        }


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_they_are_installed_as_commands(project: Project) -> None:
    for command in (["spec"], ["client", "typescript"], ["spec", "--check"]):
        done = subprocess.run(
            [TOPICWIRE, *command], cwd=project.root, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    assert "export interface Tick" in (project.page / "types/index.ts").read_text()


def test_document_and_client_are_written_from_the_source_without_a_server(
    project: Project,
) -> None:
    """checklist 2"""
    assert "generated/asyncapi.json   written" in project.run("spec")
    assert json.loads(project.document.read_text())["info"]["title"] == "Acme"
    assert "../page/types/index.ts   written" in project.run("client", "typescript")
    assert "export interface Tick" in (project.page / "types/index.ts").read_text()
    assert "ticks: Route<Ask, Tick, 'lossless'>" in (project.page / "client/index.ts").read_text()
    before = project.files()
    assert "unchanged" in project.run("spec")
    assert "unchanged" in project.run("client", "typescript")
    assert project.files() == before


def test_check_writes_nothing_and_names_what_is_stale(project: Project) -> None:
    missing = project.run("spec", "--check", code=1)
    assert "generated/asyncapi.json: missing" in missing
    assert "Run: topicwire spec" in missing
    assert project.files() == {}
    project.run("spec")
    project.run("client", "typescript")
    assert "fresh" in project.run("spec", "--check")
    assert "fresh" in project.run("client", "typescript", "--check")
    project.edit("src/acme/main.py", "price: float", "price: str")
    before = project.files()
    assert "generated/asyncapi.json: differs" in project.run("spec", "--check", code=1)
    assert project.files() == before
    said = json.loads(project.run("spec", "--json"))
    assert said["written"] == ["generated/asyncapi.json"]
    stale = project.run("client", "typescript", "--check", code=1)
    assert "../page/types/index.ts: differs" in stale
    assert "client/index.ts" not in stale
    said = json.loads(project.run("client", "typescript", "--check", "--json", code=1))
    assert said["stale"] == [{"path": "../page/types/index.ts", "what": "differs"}]


def test_validators_are_written_where_they_are_asked_for(project: Project) -> None:
    project.run("spec")
    assert "validators" not in project.run("client", "typescript")
    told = project.run("client", "typescript", "--validators", "../page/checks")
    assert "../page/checks/routes/ticks.ts   written" in told
    checks = project.page / "checks"
    assert "export const Tick: NamedSchema = {" in (checks / "models/Tick.ts").read_text()
    assert "`topicwire client typescript` writes it again" in (checks / "index.ts").read_text()

    project.append("pyproject.toml", 'validators = "../page/checks"\n')
    assert "checks/models" not in project.run("client", "typescript")
    own = checks / "models/mine.ts"
    own.write_text("// mine\n")
    project.edit("src/acme/main.py", "Tick", "Trade")
    project.run("spec")
    stale = project.run("client", "typescript", "--check", code=1)
    assert "../page/checks/models/Trade.ts: missing" in stale
    assert "../page/checks/models/Tick.ts: extra: nothing makes it" in stale
    assert "../page/checks/routes/ticks.ts: differs" in stale
    assert (checks / "models/Tick.ts").exists()
    assert "../page/checks/models/Tick.ts   removed" in project.run("client", "typescript")
    assert sorted(path.name for path in (checks / "models").iterdir()) == ["Trade.ts", "mine.ts"]
    assert "fresh" in project.run("client", "typescript", "--check")

    (checks / "routes/ticks.ts").write_text("// mine\n")
    refused = project.run("client", "typescript", code=2)
    assert "../page/checks/routes/ticks.ts was not generated" in refused


def test_the_document_goes_where_it_is_asked_to(project: Project) -> None:
    project.edit(
        "src/acme/main.py", "def create_app():\n", "def create_app():\n    print('hello')\n"
    )
    done = subprocess.run(
        [TOPICWIRE, "spec", "-o", "-"], cwd=project.root, capture_output=True, check=True
    )
    assert json.loads(done.stdout)["asyncapi"] == "3.1.0"
    assert done.stderr == b"hello\n"
    assert project.files() == {}
    project.run("spec", "-o", "here.json", "--openapi", "there.json")
    assert json.loads((project.root / "here.json").read_text())["asyncapi"] == "3.1.0"
    assert json.loads((project.root / "there.json").read_text())["openapi"].startswith("3.")
    project.run("client", "typescript", "--document", "here.json")
    assert not project.document.exists()


def test_the_document_can_come_from_a_running_server(project: Project) -> None:
    project.run("spec", "-o", "asyncapi.json")
    with serving(project.root) as address:
        project.run("client", "typescript", "--document", f"{address}/asyncapi.json")
        assert "export interface Tick" in (project.page / "types/index.ts").read_text()
        gone = project.run("client", "typescript", "--document", f"{address}/gone", code=2)
        assert "cannot be fetched" in gone
    refused = project.run("client", "typescript", "--document", f"{address}/x", code=2)
    assert "Is the server running" in refused
    assert "`topicwire spec`" in refused


def test_a_missing_or_foreign_document_says_the_cure(project: Project) -> None:
    """checklist 31"""
    missing = project.run("client", "typescript", code=2)
    assert "asyncapi.json: the AsyncAPI document cannot be read" in missing
    assert "`topicwire spec`" in missing
    assert "Nothing was written." in missing
    project.write("other.json", '{"openapi": "3.1.0"}')
    foreign = project.run("client", "typescript", "--document", "other.json", code=2)
    assert "not an AsyncAPI 3 document" in foreign
    project.write("broken.json", "{")
    broken = project.run("client", "typescript", "--document", "broken.json", code=2)
    assert "this is not JSON" in broken
    assert not project.page.exists()


def test_a_file_that_somebody_wrote_is_left_alone(project: Project) -> None:
    project.run("spec")
    own = project.page / "client/index.ts"
    own.parent.mkdir(parents=True)
    own.write_text("// mine\n")
    refused = project.run("client", "typescript", code=2)
    assert "../page/client/index.ts was not generated" in refused
    assert own.read_text() == "// mine\n"
    assert not (project.page / "types").exists()


def test_a_document_with_a_fault_is_not_written(project: Project) -> None:
    project.run("spec")
    before = project.files()
    project.edit("src/acme/main.py", "symbol: str", "symbol: str = 1")
    refused = project.run("spec", code=2)
    assert "#/components/schemas/Ask/properties/symbol/default" in refused
    assert "Correct the default" in refused
    assert project.files() == before


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("acme.main", "it is to be `module:factory` or `module:app`"),
        ("acme.nowhere:create_app", "cannot be imported: No module named"),
        ("acme.main:nothing", "cannot be imported"),
        ("acme.main:Ask", "is, or returned, Ask. It is to name"),
        ("acme.main:takes_one", "cannot be called without arguments"),
        ("acme.main:bare", "0 adapters are set up on this application"),
        ("acme.main:both", "2 adapters are set up on this application"),
    ],
)
def test_a_factory_that_cannot_be_used_is_told_with_the_cure(
    project: Project, setting: str, said: str
) -> None:
    project.edit("pyproject.toml", "acme.main:create_app", setting)
    project.edit("src/acme/main.py", "    symbol: str", '    symbol: str = ""')
    project.append("src/acme/main.py", ODD_APPS)
    assert said in project.run("spec", code=2)


@pytest.mark.parametrize("name", ["app", "create_app_alone", "ws", "pair"])
def test_an_application_that_is_there_will_do(project: Project, name: str) -> None:
    """As `uvicorn acme.main:app` names it."""
    project.edit("pyproject.toml", "acme.main:create_app", f"acme.main:{name}")
    project.append(
        "src/acme/main.py",
        "\n\npair = create_app()\napp, ws = pair\n\n\ndef create_app_alone():\n    return app\n",
    )
    assert "generated/asyncapi.json   written" in project.run("spec")
    if name != "ws":
        project.run("spec", "--openapi", "openapi.json")


def test_whatever_is_missing_is_told_at_once(project: Project) -> None:
    project.write("pyproject.toml", "[tool.topicwire]\npakage = 'acme'\nsrc = 3\n")
    told = project.run("client", "typescript", code=2)
    for fault in (
        "[tool.topicwire] has an unknown setting 'pakage'",
        "[tool.topicwire] src = 3: it is to be a string",
        "[tool.topicwire.typescript] lacks `types`: a folder, such as",
        "[tool.topicwire.typescript] lacks `client`: a folder, such as",
    ):
        assert fault in told
    told = project.run("spec", code=2)
    assert "unknown setting 'pakage'" in told
    assert "lacks `app`: `module:factory` or `module:app`, such as" in told


def test_a_document_alone_gives_a_client(project: Project, tmp_path: Path) -> None:
    """A front-end team has no Python, and no settings."""
    project.run("spec")
    project.run("client", "typescript")
    elsewhere = Project(tmp_path / "elsewhere")
    for file in elsewhere.root.rglob("*.*"):
        file.unlink()
    command = ("client", "typescript", "--document", str(project.document))
    folders = ("--types", "src/types", "--client", "src/client")
    told = elsewhere.run(*command, "--types", "src/types", code=2)
    assert "no pyproject.toml with a [tool.topicwire] table" in told
    assert "src/types/index.ts   written" in elsewhere.run(*command, *folders)
    assert "fresh" in elsewhere.run(*command, *folders, "--check")
    for name in ("types", "client"):
        made = (elsewhere.root / f"src/{name}/index.ts").read_text("utf-8")
        configured = (project.page / f"{name}/index.ts").read_text("utf-8")
        assert made == configured


def test_the_factory_may_return_the_adapter_alone(project: Project) -> None:
    project.edit("src/acme/main.py", "return api, ws", "return ws")
    project.run("spec")
    assert "no OpenAPI document" in project.run("spec", "--openapi", "x.json", code=2)


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve the files of a folder on a free port."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
            del format, args

    handler = partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "class Ask(BaseModel):",
            "class Ask(BaseModel:",
            "main.py:8: error: SyntaxError: invalid syntax",
        ),
        ("    symbol: str", "    symbol: Symbol", "main.py:9: error: NameError: name 'Symbol'"),
        ('route="ticks"', 'route="Ticks"', "main.py:21: error: 'Ticks' cannot be the name of a"),
        ("    price: float", "    price: float = 1 / 0", "main.py:15: error: ZeroDivisionError:"),
        (
            "    price: float",
            "    loop: object\n    price: list[FastAPI]",
            "main.py:16: error: Tick.price: Pydantic does not know how FastAPI is read and written",
        ),
        (
            "    price: float",
            "    hasOwnProperty: float",
            "main.py:21: error: ticks.update: Tick (src/acme/main.py:12): the field hasOwnProperty",
        ),
        ("import FastAPI", "import FastApi", "main.py:2: error: ImportError: cannot import name"),
    ],
)
def test_a_mistake_in_the_application_is_told_with_its_line(
    project: Project, old: str, new: str, said: str
) -> None:
    project.run("spec")
    before = project.files()
    project.edit("src/acme/main.py", old, new)
    refused = project.run("spec", code=2)
    assert refused.startswith(f"src/acme/{said}")
    assert "Nothing was written." in refused
    assert "Traceback" not in refused
    assert project.files() == before


def test_a_circular_import_is_told_with_its_line_and_the_cure(project: Project) -> None:
    project.write("src/acme/other.py", "from acme.main import create_app\n")
    project.edit(
        "src/acme/main.py", "class Ask", "from acme.other import create_app\n\n\nclass Ask"
    )
    refused = project.run("spec", code=2)
    assert refused.startswith("src/acme/other.py:1: error: ImportError: cannot import name")
    assert "Two modules import each other. Move what both need into a third one" in refused
