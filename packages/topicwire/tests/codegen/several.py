"""Projects of two applications in one `pyproject.toml`."""

from __future__ import annotations

from pathlib import Path

from packages.topicwire.tests.codegen.sample import Sample
from packages.topicwire.tests.codegen.whole import Whole

NAMES = ("trading", "admin")
SEPARATE = """\
[[tool.topicwire.app]]
name = "trading"
root = "services/trading"
package = "acme"
app = "acme.main:app"

[tool.topicwire.app.typescript]
types = "page/types"
client = "page/client"

[tool.topicwire.app.python]
folder = "python"

[[tool.topicwire.app]]
name = "admin"
root = "services/admin"
package = "acme"
app = "acme.main:app"

[tool.topicwire.app.typescript]
types = "page/types"
client = "page/client"
"""
SHARED = """\
[[tool.topicwire.app]]
name = "trading"
root = "apps/trading"
src = "../../src"
package = "trading"
template = "../common/routes.py"

[[tool.topicwire.app]]
name = "admin"
root = "apps/admin"
src = "../../src"
package = "admin"
template = "../common/routes.py"
"""


def separate(root: Path) -> Sample:
    """Two services: each has its `src`, and both call their package `acme`."""
    for name in NAMES:
        service = Whole(root / "services" / name).populate()
        (service.root / "pyproject.toml").unlink()
    project = Sample(root)
    project.write("pyproject.toml", SEPARATE)
    for path in ("modules/trading/ws.py", "main.py"):
        text = project.read(f"services/admin/src/acme/{path}")
        project.write(f"services/admin/src/acme/{path}", text.replace('"trades"', '"audits"'))
    return project


def shared(root: Path) -> Sample:
    """Two packages in one `src`, with one template for both."""
    project = Sample(root)
    for name in NAMES:
        one = Sample(root / "src").populate()
        (one.root / "pyproject.toml").unlink()
        (one.root / "src/acme").rename(root / "src" / name)
        (one.root / "src").rmdir()
        (root / "apps" / name).mkdir(parents=True)
        template = root / "src" / name / "shared/ws/generic_route.py"
        (root / "src/common").mkdir(exist_ok=True)
        template.replace(root / "src/common/routes.py")
        ws = f"src/{name}/modules/trading/ws.py"
        project.edit(ws, "acme.shared.ws.generic_route", "common.routes")
        project.edit(ws, "acme.", f"{name}.")
    project.write("src/common/__init__.py", "")
    project.write("pyproject.toml", SHARED)
    return project
