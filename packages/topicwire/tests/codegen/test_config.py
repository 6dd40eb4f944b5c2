"""Several applications in one `pyproject.toml`: what is read, and what is refused where."""

from __future__ import annotations

from pathlib import Path

import pytest
from packages.topicwire.tests.codegen.several import NAMES, SEPARATE, separate, shared

from topicwire.codegen.config import app_names, load_config, load_configs
from topicwire.codegen.errors import ConfigError, SettingsError, UnknownAppError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in NAMES:
        (tmp_path / "services" / name / "src/acme").mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text(SEPARATE)
    return tmp_path


def refused(root: Path, text: str) -> tuple[int, str, str]:
    """The line, the message and the cure of the one thing that is wrong."""
    (root / "pyproject.toml").write_text(text)
    with pytest.raises(SettingsError) as caught:
        load_configs(root)
    (problem,) = caught.value.problems
    assert problem.path == "pyproject.toml"
    assert problem.excerpt == text.splitlines()[problem.line - 1]
    assert f"pyproject.toml:{problem.line}: error: " in str(caught.value)
    return problem.line, problem.message, problem.cure


def replaced(old: str, new: str, *, at: int = 0) -> str:
    """`SEPARATE` with the text of one of its applications changed."""
    head = "[[tool.topicwire.app]]\n"
    before, first, second = SEPARATE.split(head)
    applications = [first, second]
    assert old in applications[at]
    changed = applications[at].replace(old, new)
    return head.join([before, *applications[:at], changed, *applications[at + 1 :]])


def test_each_has_its_own_paths_and_caches(root: Path) -> None:
    trading, admin = load_configs(root / "services/admin").configs
    assert (trading.name, admin.name) == NAMES
    assert (trading.root, admin.root) == (root, root)  # where paths are shown from
    assert admin.base == root / "services/admin"
    assert admin.src == root / "services/admin/src"
    assert admin.template == root / "services/admin/src/acme/shared/ws/generic_route.py"
    assert admin.asyncapi == root / "services/admin/generated/asyncapi.json"
    assert admin.manifest == root / "services/admin/generated/topicwire.json"
    assert admin.cache_dir == root / ".topicwire_cache/admin"
    assert admin.command == "topicwire generate --app admin"
    assert admin.typescript is not None
    assert admin.typescript.types == root / "services/admin/page/types"
    assert (trading.python is not None, admin.python) == (True, None)
    assert app_names(root) == [*NAMES]


def test_one_by_its_name(root: Path) -> None:
    assert load_config(root, app="admin").name == "admin"
    assert [one.name for one in load_configs(root, app="admin").configs] == ["admin"]
    with pytest.raises(UnknownAppError, match=r"there are 2 applications here: trading, admin\."):
        load_config(root)
    with pytest.raises(UnknownAppError, match=r"no application of this name\. There are: trading"):
        load_configs(root, app="nobody")


def test_the_only_one_needs_no_name(root: Path) -> None:
    (root / "pyproject.toml").write_text(SEPARATE.partition('[[tool.topicwire.app]]\nname = "a')[0])
    assert load_config(root).name == "trading"


def test_what_an_application_has_no_settings_for_leaves_it_out(root: Path) -> None:
    chosen = load_configs(root, ("folder",))
    assert [one.name for one in chosen.configs] == ["trading"]
    assert chosen.left_out == {"admin": "`folder`"}
    with pytest.raises(SettingsError, match=r"pyproject.toml:14: .* lacks `folder`"):
        load_config(root, ("folder",), "admin")
    (root / "pyproject.toml").write_text(
        replaced('[tool.topicwire.app.python]\nfolder = "python"\n', "")
    )
    with pytest.raises(SettingsError, match=r"(?s)pyproject.toml:1: .*pyproject.toml:12: "):
        load_configs(root, ("folder",))


@pytest.mark.parametrize(
    ("text", "line", "message", "cure"),
    [
        (replaced('name = "admin"\n', "", at=1), 14, "lacks `name`", "Add what the command line"),
        (replaced('root = "services/admin"\n', "", at=1), 14, "lacks `root`", '`root = "."`'),
        (replaced('"admin"', "3", at=1), 15, "name = 3: it is to be a string", "Give what"),
        (replaced('"admin"', '"../x"', at=1), 15, "letters, digits", "name of a folder"),
        (replaced('"admin"', '"Trading"', at=1), 15, "line 2", "a name of its own"),
        (replaced('"services/admin"', '"no"', at=1), 16, "there is no folder", "Make it"),
        (replaced('package = "acme"\n', "", at=1), 14, "lacks `package`", ""),
        (replaced('"acme"', '"other"', at=1), 17, "no folder services/admin/src/other", ""),
        (replaced("client =", "clients =", at=1), 22, "unknown setting 'clients'", ""),
        (replaced("types = ", "types = 3 #", at=1), 21, "types = 3: it is to be a string", ""),
        (SEPARATE + 'output = "a-b"\n', 23, "unknown setting 'output'", ""),
        (
            replaced('package = "acme"\n', 'package = "acme"\noutput = "a/b"\n', at=1),
            18,
            "is to be an identifier",
            "",
        ),
        (
            replaced('package = "acme"\n', 'package = "acme"\ntemplate = "../../x.py"\n', at=1),
            18,
            "is to be below services/admin/src (`src`)",
            "",
        ),
    ],
)
def test_what_is_wrong_is_told_at_its_line(
    root: Path, text: str, line: int, message: str, cure: str
) -> None:
    if "clients" in text:  # and then `client` is missing, at the table
        text = text.replace("clients =", "client = 'page/client'\nclients =")
        line += 1
    at, said, how = refused(root, text)
    assert at == line
    assert message in said
    assert cure in how


@pytest.mark.parametrize(
    ("text", "line", "named"),
    [
        (
            replaced('"services/admin"', '"services/trading"', at=1),
            14,
            "`output` of 'admin' is services/trading/src/acme/modules/*/ws_generated",
        ),
        (
            replaced('"page/types"', '"../trading/page/types"', at=1),
            21,
            "services/trading/page/types, and `typescript.types` of 'trading' (line 8)",
        ),
        (
            replaced('"page/client"', '"../trading/python/acme/ts"', at=1),
            22,
            "services/trading/python/acme/ts, and `python.folder` of 'trading' (line 12)",
        ),
        (
            replaced('"page/client"', '"../trading"', at=1),
            22,
            "is services/trading, and `output` of 'trading' (line 1)",
        ),
        (
            replaced('app = "', 'asyncapi = "../trading/generated/asyncapi.json"\napp = "', at=1),
            18,
            "`asyncapi` of 'admin' is services/trading/generated/asyncapi.json, and `asyncapi`",
        ),
        (
            replaced('app = "', 'manifest = "../trading/generated/topicwire.json"\napp = "', at=1),
            18,
            "`manifest` of 'admin' is services/trading/generated/topicwire.json",
        ),
    ],
)
def test_outputs_that_overlap_are_refused(root: Path, text: str, line: int, named: str) -> None:
    at, said, cure = refused(root, text)
    assert at == line
    assert named in said
    assert cure.startswith("Give one of them a place that is not within the other: set `")


def test_outputs_side_by_side_are_not(root: Path) -> None:
    beside = replaced('app = "', 'asyncapi = "../trading/generated/admin.json"\napp = "', at=1)
    (root / "pyproject.toml").write_text(beside)
    assert len(load_configs(root).configs) == len(NAMES)


SINGLE = '[tool.topicwire]\npackage = "acme"\nsrc = "services/admin/src"\n'


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (SINGLE + SEPARATE, [2, 3]),
        (f'[tool.topicwire]\napp = "acme.main:app"\n\n{SEPARATE}', [4]),
        (f'{SEPARATE}\n[tool.topicwire]\napp = "acme.main:app"\n', [25]),
    ],
)
def test_both_forms_together_are_refused(root: Path, text: str, lines: list[int]) -> None:
    (root / "pyproject.toml").write_text(text)
    with pytest.raises(SettingsError, match="both together are refused") as caught:
        load_configs(root)
    assert [one.line for one in caught.value.problems] == lines
    assert all("[[tool.topicwire.app]]" in one.cure for one in caught.value.problems)


def test_a_single_table_is_as_it_was(root: Path) -> None:
    (root / "pyproject.toml").write_text(SINGLE)
    (config,) = load_configs(root).configs
    assert (config.name, config.base, config.root) == ("", root, root)
    assert config.cache_dir == root / ".topicwire_cache"
    assert config.command == "topicwire generate"
    assert app_names(root) == ()
    with pytest.raises(ConfigError, match=r"has no name\. Leave --app out"):
        load_config(root, app="trading")


def test_a_template_of_both(tmp_path: Path) -> None:
    shared(tmp_path)
    trading, admin = load_configs(tmp_path).configs
    assert trading.template == admin.template == tmp_path / "src/common/routes.py"


def test_services_of_one_package_name_are_apart(tmp_path: Path) -> None:
    separate(tmp_path)
    trading, admin = load_configs(tmp_path).configs
    assert trading.package == admin.package
    assert trading.package_dir != admin.package_dir
