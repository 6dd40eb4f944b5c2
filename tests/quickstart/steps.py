"""Steps 1 to 8 of the specification's Quick Start, applied to a checkout as they are printed.

What a printed block elides comes from `docs/quick-start.md`, which lists it for readers.
"""

from __future__ import annotations

from pathlib import Path

from tests.quickstart.checkout import Checkout
from tests.quickstart.specification import Block, under

SPECIFICATION = Path("backend/src/trading_api/shared/ws/WS-ROUTER-GENERATION.md")
ELIDED = Path("docs/quick-start.md")
SERVICE = Path("backend/src/trading_api/modules/trading/service.py")
APP_FACTORY = Path("backend/src/trading_api/app_factory.py")
NEW_NAMES = ("Trade", "Trading")


class QuickStart:
    """One run through the steps; each method is one step and names the files it touched."""

    def __init__(self, checkout: Checkout) -> None:
        self.checkout = checkout
        self.touched: set[str] = set()

    def block(self, step: str) -> Block:
        return under(self.checkout.path / SPECIFICATION, step)[0]

    def elided(self, heading: str) -> str:
        return under(self.checkout.path / ELIDED, heading)[0].text

    def write(self, path: Path, text: str) -> None:
        self.checkout.write(path, text)
        self.touched.add(str(path))

    def step_1_models(self) -> None:
        block = self.block("Step 1")
        self.write(block.path, block.text)

    def step_2_exports(self) -> None:
        block = self.block("Step 2")
        self._insert_new_lines(block.path, block.text)

    def step_3_router(self) -> None:
        block = self.block("Step 3")
        path = Path(str(block.path).split(maxsplit=1)[0])
        self.write(path, block.text)

    def step_4_generate(self) -> str:
        folder, *commands = self.block("Step 4").commands
        assert folder == "cd backend"
        return self.checkout.run(commands, "backend")

    def step_5_module(self) -> None:
        self.write(SERVICE, self._service())
        block = self.block("Step 5")
        elision = "    # ... other Module Protocol methods ...\n"
        assert elision in block.text
        self.write(block.path, block.text.replace(elision, self.elided("Step 5")))

    def step_6_registration(self) -> None:
        self._insert_new_lines(APP_FACTORY, self.block("Step 6").text)

    def step_7_types(self) -> str:
        commands = self.block("Step 7").commands
        assert commands == ["make dev", "cd ../frontend", "make generate-asyncapi-types"]
        return self.checkout.run(commands[2:], "frontend")

    def step_8_page(self) -> Path:
        block = self.block("Step 8")
        self.write(block.path, block.text)
        return block.path

    def _service(self) -> str:
        """The printed service, with the imports and the one member that it leaves out."""
        printed = under(self.checkout.path / SPECIFICATION, "Broadcasting Updates from Backend")[0]
        imports, member = under(self.checkout.path / ELIDED, "Broadcasting Updates")[:2]
        return imports.text + printed.text + "\n" + member.text

    def _insert_new_lines(self, path: Path, excerpt: str) -> None:
        """Put the excerpt's lines that name the new thing after the line they follow in it."""
        lines = (self.checkout.path / path).read_text(encoding="utf-8").splitlines()
        anchor = _first_import(lines) - 1
        for printed in excerpt.splitlines():
            line = printed.partition("  # ")[0].strip()
            if not line or line.startswith("#"):
                continue
            known = next((i for i, have in enumerate(lines) if have.strip() == line), None)
            if known is not None:
                anchor = known
            elif any(name in line for name in NEW_NAMES):
                anchor += 1
                lines.insert(anchor, printed)
        self.write(path, "\n".join(lines) + "\n")


def _first_import(lines: list[str]) -> int:
    return next(i for i, line in enumerate(lines) if line.startswith(("from ", "import ")))
