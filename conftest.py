"""What every Python test of the repository has around it."""

from __future__ import annotations

import os

# Tests write an application, run it and change it within a second. Bytecode tells two texts of one
# length apart by whole seconds alone, so the processes that tests start are to keep none.
os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
