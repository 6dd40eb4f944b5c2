"""Runs steps, several at a time, and reports every failure at once."""

from __future__ import annotations

import shlex
import signal
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from types import FrameType
from typing import TextIO

from scripts.checks.step import Outcome, Running, Step
from scripts.repository import ROOT


def run(steps: Sequence[Step], *, jobs: int, verbose: bool, out: TextIO = sys.stdout) -> int:
    """Runs all steps, `jobs` at a time, a failure or not; returns 0 when all passed, else 1.

    Prints a line for each as it ends, then the output of those that failed. `verbose` prints
    the output of the others too.
    """
    started = time.monotonic()
    running = Running()
    width = max(len(step.name) for step in steps)
    printing = threading.Lock()

    def run_one(step: Step) -> Outcome:
        if jobs == 1:  # one that takes minutes should not look like one that hangs
            print(f"...     {step.name}", file=out, flush=True)
        outcome = running.run(step)
        with printing:
            _report(outcome, width=width, verbose=verbose, out=out)
        return outcome

    interrupted = False
    with ThreadPoolExecutor(jobs) as pool:
        futures = [pool.submit(run_one, step) for step in steps]
        try:
            wait(futures)
        except KeyboardInterrupt:
            interrupted = True
            # Once is enough: the steps are given the time to put their own things away.
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_IGN)
            pool.shutdown(wait=False, cancel_futures=True)
            running.stop()
    outcomes = [future.result() for future in futures if not future.cancelled()]
    failed = [outcome for outcome in outcomes if not outcome.passed]
    for outcome in failed:
        _explain(outcome, out)
    if interrupted:
        print("\ninterrupted", file=out, flush=True)
        return 130
    _conclude(len(steps), failed, time.monotonic() - started, out)
    return 1 if failed else 0


def end_like_ctrl_c() -> None:
    """From here on SIGTERM ends a run as Ctrl-C does: its steps are stopped, their output shown.

    A shell's background job ignores Ctrl-C, and so would its steps and the processes of tests;
    they are started with what is usual.
    """

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupt)


def _report(outcome: Outcome, *, width: int, verbose: bool, out: TextIO) -> None:
    mark = "ok    " if outcome.passed else "FAILED"
    print(f"{mark}  {outcome.step.name:{width}}  {outcome.took_s:6.1f} s", file=out)
    if outcome.passed:
        lines = outcome.output.splitlines() if verbose else outcome.worth_showing()
        for line in lines:
            print(line, file=out)
    out.flush()


def _explain(outcome: Outcome, out: TextIO) -> None:
    step = outcome.step
    folder = "" if step.cwd == ROOT else f"cd {step.cwd.relative_to(ROOT)} && "
    print(f"\n--- {step.name}: failed ({_ending(outcome.exit_code)})", file=out)
    print(f"    {folder}{shlex.join(map(_short, step.command))}\n", file=out)
    print(outcome.explanation(), file=out)
    if step.cure:
        print(f"\n    To mend it: {step.cure}", file=out)


def _ending(code: int) -> str:
    return f"exit {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"


def _short(word: str) -> str:
    """A word of a command as one would type it at the root."""
    return word.removeprefix(f"{ROOT}/")


def _conclude(count: int, failed: Sequence[Outcome], took_s: float, out: TextIO) -> None:
    if failed:
        names = ", ".join(outcome.step.name for outcome in failed)
        print(f"\n{len(failed)} of {count} failed in {took_s:.1f} s: {names}", file=out)
    else:
        print(f"all {count} passed in {took_s:.1f} s", file=out)
    out.flush()
