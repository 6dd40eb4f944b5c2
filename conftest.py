"""What every Python test of the repository has around it."""

from __future__ import annotations

import os
import signal

# Tests write an application, run it and change it within a second. Bytecode tells two texts of one
# length apart by whole seconds alone, so the processes that tests start are to keep none.
os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
# A shell starts a background job with SIGINT ignored, and what tests start would inherit that: they
# could not end it as Ctrl-C does.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
