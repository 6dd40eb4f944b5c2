"""`python -m topicwire.cli`: the command line, without relying on where scripts are installed."""

from __future__ import annotations

from topicwire.cli import main

if __name__ == "__main__":
    main()
