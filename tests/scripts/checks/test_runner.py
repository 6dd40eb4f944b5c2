"""The runner of `make check` and `make test`."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from scripts.checks import runner
from scripts.checks.step import Running, Step
from scripts.repository import ROOT


def _python(name: str, code: str, **options: str) -> Step:
    return Step(name, (sys.executable, "-c", code), **options)  # type: ignore[arg-type]  # strings


def _run(*steps: Step, jobs: int = 2, verbose: bool = False) -> tuple[int, str]:
    out = io.StringIO()
    return runner.run(steps, jobs=jobs, verbose=verbose, out=out), out.getvalue()


def test_all_passed_prints_names_and_times_and_no_output() -> None:
    code, shown = _run(_python("first", "print('noise')"), _python("second step", "pass"))
    assert code == 0
    assert "noise" not in shown
    assert "ok      first" in shown
    assert "ok      second step" in shown
    assert "all 2 passed in" in shown


def test_every_failure_is_reported_with_output_command_and_cure() -> None:
    code, shown = _run(
        _python("one", "print('first reason'); exit(2)", cure="make better"),
        _python("two", "pass"),
        _python("three", "import sys; print('second reason', file=sys.stderr); exit(1)"),
    )
    assert code == 1
    assert "--- one: failed (exit 2)" in shown
    assert "first reason" in shown
    assert "To mend it: make better" in shown
    assert "second reason" in shown
    assert "2 of 3 failed" in shown
    assert shown.index("ok      two") < shown.index("first reason")  # reasons come last


def test_lines_that_the_cure_says_better_are_left_out() -> None:
    said = "print('a.py: differs'); print('Stale. Run: one thing'); exit(1)"
    _, shown = _run(_python("one", said, cure="another thing", hidden=r"^Stale\. Run: "))
    assert "a.py: differs" in shown
    assert "Stale. Run: one thing" not in shown.split("\n\n", 2)[2]
    assert shown.count("To mend it:") == 1


def test_verbose_prints_what_passed_too() -> None:
    assert "noise" in _run(_python("one", "print('noise')"), verbose=True)[1]


def test_lines_worth_showing_are_shown_on_success() -> None:
    step = _python("one", "print('noise'); print('3 passed in 1 s')", shown=r"^\d+ passed")
    code, shown = _run(step)
    assert code == 0
    assert "3 passed in 1 s" in shown
    assert "noise" not in shown


def test_a_program_that_is_not_there_is_a_failure_that_says_so() -> None:
    code, shown = _run(Step("one", ("absent-program",)))
    assert code == 1
    assert "could not be started" in shown


def test_steps_run_side_by_side_up_to_the_number_of_jobs(tmp_path: Path) -> None:
    """Each waits for the other's mark: one after another they would never end."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    code = (
        "import pathlib, sys\n"
        "mine, other = map(pathlib.Path, {names})\n"
        "(mine / 'mark').touch()\n"
        "while not (other / 'mark').exists(): pass"
    )
    steps = [
        _python("a", code.format(names=[str(tmp_path / "a"), str(tmp_path / "b")])),
        _python("b", code.format(names=[str(tmp_path / "b"), str(tmp_path / "a")])),
    ]
    assert _run(*steps, jobs=2)[0] == 0


def test_stop_ends_what_is_under_way() -> None:
    running = Running()
    endless = Step("one", ("sleep", "3600"))
    with ThreadPoolExecutor(1) as pool:
        outcome = pool.submit(running.run, endless)
        while not running.processes:
            pass
        running.stop()
        assert outcome.result(timeout=30).exit_code == -signal.SIGINT


def test_in_a_background_job_the_steps_can_be_interrupted_all_the_same() -> None:
    """A shell starts such a job with SIGINT ignored, which every process below would inherit."""
    asked = "import signal; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    program = (
        "import signal\n"
        "from scripts.checks import runner\n"
        "from scripts.checks.step import Step\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "runner.end_like_ctrl_c()\n"
        f"step = Step('one', ({sys.executable!r}, '-c', {asked!r}))\n"
        "raise SystemExit(runner.run([step], jobs=1, verbose=True))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "True\n" in done.stdout


def test_an_interrupted_run_shows_what_the_steps_had_said(tmp_path: Path) -> None:
    code = (
        "import pathlib, signal, time\n"
        "print('so far', flush=True)\n"
        f"pathlib.Path({str(tmp_path / 'started')!r}).touch()\n"
        "signal.pause()"
    )
    program = (
        "from scripts.checks import runner\n"
        "from scripts.checks.step import Step\n"
        f"steps = [Step(name, ({sys.executable!r}, '-c', {code!r})) for name in ('one', 'two')]\n"
        "runner.end_like_ctrl_c()\n"
        "raise SystemExit(runner.run(steps, jobs=1, verbose=False))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        while not (tmp_path / "started").exists():
            assert process.poll() is None
        process.terminate()
        shown, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "--- one: failed" in shown
    assert "so far" in shown
    assert "two" not in shown
    assert shown.endswith("interrupted\n")
