"""A signal ends the process with its code, whatever compiled code, callbacks and imports make of it."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from leukokit.process.stop import GRACE, Stopped, check, sigint_blocked_in_children

READY = "print('ready', flush=True)\n"


@contextmanager
def started(script: str) -> Iterator[subprocess.Popen[str]]:
    """Start a script that has our handlers, and wait until it says that it is ready."""
    head = "import sys, time\nfrom leukokit.process import stop\nstop.install()\n"
    # What a shell starts behind "&" ignores SIGINT, and children inherit that.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = subprocess.Popen(
            [sys.executable, "-c", head + textwrap.dedent(script)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    finally:
        signal.signal(signal.SIGINT, before)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def ended(process: subprocess.Popen[str], number: signal.Signals) -> tuple[int, str, float]:
    """Send a signal; give exit code, stderr and the seconds until the end."""
    sent = time.monotonic()
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    return process.returncode, errors, time.monotonic() - sent


@pytest.mark.parametrize(
    ("number", "code", "word"), [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")]
)
def test_the_exit_code_says_which_signal(number: signal.Signals, code: int, word: str) -> None:
    """One line on stderr, and no traceback."""
    with started(READY + "time.sleep(60)") as process:
        assert ended(process, number)[:2] == (code, f"error: {word}\n")


@pytest.mark.parametrize(
    "what",
    [
        "except BaseException: pass",  # dropped, as a callback of compiled code does
        "except BaseException as error: raise SystemExit(0)",  # as click does where a reader has gone
        "except BaseException as error: raise ImportError('Reinstall') from error",
        "finally: sys.exit(2)",
    ],
)
def test_what_becomes_of_the_exception_does_not_matter(what: str) -> None:
    """A library that makes something else of it does not change how the process ends."""
    script = f"try:\n    {READY}    time.sleep(60)\n{what}\n"
    with started(script) as process:
        code, errors, _ = ended(process, signal.SIGTERM)
    assert code == 143
    assert errors == "error: terminated\n"


def test_a_process_that_goes_on_is_ended() -> None:
    """Where nothing looks at the flag, a thread ends the process after the time for an orderly end."""
    script = f"""
        for _ in range(100):
            try:
                {READY.strip()}
                time.sleep(60)
            except BaseException:
                pass
    """
    with started(script) as process:
        code, _, seconds = ended(process, signal.SIGINT)
    assert code == 130
    assert GRACE <= seconds < GRACE + 10


def test_compiled_code_that_does_not_return_is_ended() -> None:
    """A handler has to wait for it; the thread that ends the process has not."""
    script = f"import hashlib\n{READY}hashlib.pbkdf2_hmac('sha256', b'a', b'b', 2**31 - 1)"
    with started(script) as process:
        code, errors, _ = ended(process, signal.SIGTERM)
    assert (code, errors) == (143, "error: terminated\n")


def test_a_reader_that_does_not_read_holds_nothing_up() -> None:
    """A pager that shows its first page, say: both pipes are full."""
    script = f"""
        import threading
        {READY.strip()}
        def fill(stream):
            while True:
                stream.write("x" * 4096)
        threading.Thread(target=fill, args=(sys.stderr,), daemon=True).start()
        fill(sys.stdout)
    """
    with started(script) as process:
        time.sleep(1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 143


def test_a_second_signal_ends_at_once() -> None:
    """Whoever sends two does not want to wait."""
    script = f"""
        try:
            {READY.strip()}
            time.sleep(60)
        finally:
            print("waiting", flush=True)
            time.sleep(60)
    """
    with started(script) as process:
        process.send_signal(signal.SIGINT)
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        code, _, seconds = ended(process, signal.SIGTERM)
    assert code == 143
    assert seconds < GRACE


def test_children_and_grandchildren_end_too() -> None:
    """Also those that do not hear the signal."""
    child = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])"
    script = f"""
        import subprocess
        child = subprocess.Popen([sys.executable, "-c", {child!r}])
        import psutil
        while len(psutil.Process().children(recursive=True)) < 2:
            time.sleep(0.05)
        {READY.strip()}
        time.sleep(60)
    """
    with started(script) as process:
        family = psutil.Process(process.pid).children(recursive=True)
        assert len(family) == 2
        assert ended(process, signal.SIGTERM)[0] == 143
    _, alive = psutil.wait_procs(family, timeout=10)
    assert alive == []


def test_a_forked_child_that_is_terminated_does_not_end_its_parent() -> None:
    """A pool of processes ends its children with SIGTERM."""
    script = f"""
        import os, signal
        child = os.fork()
        if child == 0:
            time.sleep(60)
            os._exit(5)
        time.sleep(0.3)
        os.kill(child, signal.SIGTERM)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        {READY.strip()}
        time.sleep({GRACE + 1})
        sys.exit(7 if status == -signal.SIGTERM else 8)
    """
    with started(script) as process:
        assert process.wait(60) == 7


def test_what_ignores_a_signal_goes_on_to_ignore_it() -> None:
    """`nohup`, or a shell's `&`."""
    script = f"""
        import signal
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # as the parent would have done
        stop.install()
        {READY.strip()}
        time.sleep(1)
        sys.exit(9)
    """
    with started(script) as process:
        assert ended(process, signal.SIGINT)[0] == 9


def test_an_interrupt_behind_an_error_is_the_interrupt() -> None:
    """Compiled code and imports make errors of their own out of it."""
    interrupt = KeyboardInterrupt()
    hidden = SystemError("returned a result with an exception set")
    hidden.__cause__ = interrupt
    error = ImportError("cannot be imported")
    error.__context__ = hidden
    with pytest.raises(KeyboardInterrupt):
        check(error)
    stopped = ValueError("odd")
    stopped.__cause__ = Stopped(signal.SIGTERM)
    with pytest.raises(Stopped):
        check(stopped)


def test_other_errors_pass() -> None:
    """Also where errors point at each other in a circle."""
    one, other = ValueError("one"), ValueError("other")
    one.__context__, other.__context__ = other, one
    check(one)
    check()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the signal mask from /proc")
def test_children_of_the_block_do_not_hear_an_interrupt() -> None:
    """And those after it do."""
    show = "print([line for line in open('/proc/self/status') if line.startswith('SigBlk')][0][-2])"
    command = [sys.executable, "-c", show]
    with sigint_blocked_in_children():
        assert subprocess.check_output(command, text=True) == "2\n"  # bit of SIGINT
    assert subprocess.check_output(command, text=True) == "0\n"
