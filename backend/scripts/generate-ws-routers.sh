#!/usr/bin/env bash
# Generates the concrete routers and makes sure that they can be committed, in nine steps:
#
#   1 generate code      2 black       3 isort        4 ruff format   5 ruff check --fix
#   6 flake8             7 ruff check  8 mypy         9 import verification
#
# Each step is named as it runs. One that fails stops with its output, and the generated files are
# as they were before. What has not changed since it passed is not checked again.
#
# The tools are those of backend/.venv, called directly: `poetry run` uses the same environment
# (backend/poetry.toml) and costs half a second for each call. Without it, those of the active
# environment.
set -euo pipefail

backend="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)"

for python in "$backend/.venv/bin/python" "${VIRTUAL_ENV:-/nonexistent}/bin/python"; do
  if [[ -x "$python" ]]; then
    exec "$python" "$backend/scripts/generate_ws_router.py" --verify "$@"
  fi
done

echo "No Python environment: neither backend/.venv nor an active one. Run 'make setup' first." >&2
exit 2
