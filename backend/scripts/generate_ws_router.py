"""Writes a concrete router for every declaration in `modules/*/ws.py`.

`python scripts/generate_ws_router.py` is step 1 of `generate-ws-routers.sh`, and with `--verify`
all nine. It is `topicwire generate` for this application, from whatever folder it is called.
"""

import sys
from pathlib import Path

from topicwire.cli import main

BACKEND = Path(__file__).resolve().parents[1]

if __name__ == "__main__":
    sys.argv[1:1] = ["generate", "--project", str(BACKEND)]
    main()
