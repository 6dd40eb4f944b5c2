"""Writes backend/generated/openapi.json from the application, without starting a server."""

from __future__ import annotations

import argparse
import json
import sys

from scripts.repository import BACKEND, ROOT

DOCUMENT = BACKEND / "generated/openapi.json"


def rendered() -> str:
    """The document as text: the same bytes for the same application."""
    # The application is imported here, so that `--help` answers when it cannot be.
    from trading_api.app_factory import create_app  # noqa: PLC0415

    api_app, _ = create_app()
    return json.dumps(api_app.openapi(), indent=2, ensure_ascii=False) + "\n"


def main() -> int:
    """Exits 1 when `--check` finds another document than the application gives."""
    parser = argparse.ArgumentParser(prog="python -m scripts.generate.openapi", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    check: bool = parser.parse_args().check
    wanted = rendered()
    found = DOCUMENT.read_text(encoding="utf-8") if DOCUMENT.exists() else None
    if found == wanted:
        return 0
    path = DOCUMENT.relative_to(ROOT)
    if check:
        state = "is missing" if found is None else "is not what the application gives"
        print(f"{path} {state}: run `make generate` and commit the result.", file=sys.stderr)
        return 1
    DOCUMENT.parent.mkdir(parents=True, exist_ok=True)
    DOCUMENT.write_text(wanted, encoding="utf-8")
    print(f"{path} written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
