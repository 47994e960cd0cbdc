"""A plugin may do anything while it is loaded: it is named, and the others and the command go on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

HOOK = """
from leukokit.api import ComponentSpec, hookimpl

@hookimpl
def leukokit_segmenters():
    {body}
    return [ComponentSpec("otsu", "nowhere:Otsu", "One threshold.")]
"""

# Name, code, and the reason that is shown; "SECONDS" stands for the time limit of the test.
DEATHS = {
    "segfault": (
        "import ctypes\nctypes.string_at(0)",
        "its process died of signal SIGSEGV while importing leukokit_segfault",
    ),
    "exit_0": ("import os\nos._exit(0)", "its process ended with exit code 0 while importing"),
    "exit_3": ("import os\nos._exit(3)", "its process ended with exit code 3 while importing"),
    "sleeps": (
        "import time\ntime.sleep(600)",
        "no sign of life for SECONDS s while importing leukokit_sleeps; 'leukokit doctor' tries again",
    ),
    "busy": (  # compiled code that never gives Python's lock back
        "import re\nre.match(r'(a+)+$', 'a' * 64 + 'b')",
        "no sign of life for SECONDS s while importing leukokit_busy",
    ),
    "hook_segfault": (
        HOOK.format(body="import ctypes; ctypes.string_at(0)"),
        "its process died of signal SIGSEGV while calling leukokit_segmenters",
    ),
    "hook_sleeps": (
        HOOK.format(body="import time; time.sleep(600)"),
        "no sign of life for SECONDS s while calling leukokit_segmenters",
    ),
    "closes": ("import os\nos.closerange(3, 256)", "while importing leukokit_closes"),
    "writes": (
        "import os\nfor fd in range(3, 20):\n    try: os.write(fd, b'hello\\n')\n    except OSError: pass",
        "it wrote into the answers to leukokit while importing leukokit_writes",
    ),
}

RAISES = {
    "system_exit": ("raise SystemExit('enough')", "it called sys.exit('enough') while it was being imported"),
    "interrupt": ("raise KeyboardInterrupt", "KeyboardInterrupt while importing leukokit_interrupt"),
    "base": ("class Odd(BaseException): pass\nraise Odd('boo')", "Odd: boo"),
    "speechless": (
        "class Mute(Exception):\n    def __str__(self): raise ValueError\nraise Mute",
        "Mute while importing leukokit_speechless",
    ),
    "hook_exit": (HOOK.format(body="raise SystemExit(5)"), "sys.exit(5) while calling leukokit_segmenters"),
    "hook_interrupt": (
        HOOK.format(body="raise KeyboardInterrupt"),
        "KeyboardInterrupt while calling leukokit_segmenters",
    ),
    "endless": (
        HOOK.format(
            body="import itertools; "
            "return (ComponentSpec(f'x{i}', 'nowhere:X', 'X.') for i in itertools.count())"
        ),
        "leukokit_segmenters offers more than 100,000 components",
    ),
    "deep": ("def f(): f()\nf()", "RecursionError: maximum recursion depth exceeded"),
}

HARMLESS = {
    "thread": "import threading, time\nthreading.Thread(target=time.sleep, args=(600,)).start()\n",
    "fork": "import os, time\nif os.fork() == 0:\n    time.sleep(600)\n    os._exit(0)\n",
    "no_stdin": "import sys\nassert sys.stdin.read() == ''\n",
    "no_stdout": "import sys\nsys.stdout.close()\nsys.stderr.close()\n",
    "moves": "import os, tempfile\nos.chdir(tempfile.mkdtemp())\n",
    "asks": "import leukokit.catalog\nassert leukokit.catalog.discover().of('segmenter')\n",
    "path": "import sys\nsys.path.clear()\n",
}


def test_a_plugin_that_ends_its_process_or_hangs_is_named_and_the_others_live(site):
    """Dead, hanging and good ones side by side; each reason says what was going on."""
    for name, (code, _) in DEATHS.items():
        site.install(f"leukokit-{name.replace('_', '-')}", name, code)
    site.install("leukokit-otsu", "otsu", site.good)
    site.environment["LEUKOKIT_PLUGIN_SECONDS"] = "4"
    found = site.discover()
    for name, (_, reason) in DEATHS.items():
        assert reason.replace("SECONDS", "4") in found["broken"][name]
        assert found["broken"][name].startswith(f"leukokit-{name.replace('_', '-')} 1.5: ")
    assert set(found["broken"]) == set(DEATHS)
    assert "otsu/otsu" in found["names"]
    assert "median" in found["names"]


def test_a_plugin_that_raises_anything_is_named(site):
    """What is no ``Exception`` ends neither the command nor discovery."""
    for name, (code, _) in RAISES.items():
        site.install(f"leukokit-{name.replace('_', '-')}", name, code)
    found = site.discover()
    for name, (_, reason) in RAISES.items():
        assert reason in found["broken"][name]
    assert set(found["broken"]) == set(RAISES)


def test_a_plugin_may_do_odd_things_that_break_nothing(site):
    """It starts threads and processes, reads stdin, closes files, asks for the catalog: it works."""
    for name, code in HARMLESS.items():
        site.install(f"leukokit-{name.replace('_', '-')}", name, code + site.good)
    found = site.discover()
    assert found["broken"] == {}
    assert {f"{name}/otsu" for name in HARMLESS} <= set(found["names"])


def test_of_two_plugins_in_one_distribution_the_one_that_dies_is_named(site):
    """The other one is asked by a new process."""
    site.install("leukokit-two", "bad", "import os\nos._exit(3)")
    (site.folder / "leukokit_fine.py").write_text(site.good.format(module="leukokit_fine"))
    (site.folder / "leukokit_two-1.5.dist-info" / "entry_points.txt").write_text(
        "[leukokit]\nbad = leukokit_two\nfine = leukokit_fine\nworse = leukokit_absent\n"
    )
    found = site.discover()
    assert "exit code 3 while importing leukokit_two" in found["broken"]["bad"]
    assert "ModuleNotFoundError" in found["broken"]["worse"]
    assert "fine/otsu" in found["names"]


@pytest.mark.parametrize(
    "way", ["print('hello')", "import os\nos.write(1, b'hello')", "import os\nos.system('echo hello')"]
)
def test_what_a_plugin_prints_never_gets_into_data(site, way):
    """Neither from Python nor from compiled code or another program; it is told once, on stderr."""
    site.install("leukokit-loud", "loud", way + site.good)
    for told in (True, False):
        done = site.run("-m", "leukokit", "list", "--json")
        names = [component["name"] for component in json.loads(done.stdout)["components"]]
        assert "loud/otsu" in names
        assert ("leukokit-loud 1.5 printed while it was loaded: hello" in done.stderr) is told


def test_long_and_hostile_output_is_shortened_and_made_harmless(site):
    """30 MB and an escape sequence: the end of it is shown, escaped."""
    site.install("leukokit-loud", "loud", "print('x' * 30_000_000 + '\\x1b[31mred')\n" + site.good)
    done = site.run("-m", "leukokit", "list")
    assert "red" in done.stderr
    assert "\x1b" not in done.stderr
    assert len(done.stderr) < 5000


DAMAGED = {
    "latin": b"[leukokit]\nx = leukokit_x\n# caf\xe9\n",
    "utf_16": "[leukokit]\nx = leukokit_x\n".encode("utf-16"),
    "junk": b"[leukokit]\nno equals sign here\n",
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_metadata_of_one_distribution_costs_no_other(site, name):
    """It is listed as broken, with the place; ``importlib.metadata.entry_points`` raises for all."""
    site.install("leukokit-x", "x", site.good)
    (site.folder / "leukokit_x-1.5.dist-info" / "entry_points.txt").write_bytes(DAMAGED[name])
    site.install("leukokit-otsu", "otsu", site.good)
    found = site.discover()
    assert "otsu/otsu" in found["names"]
    reason = "cannot be read" if name == "junk" else "is not UTF-8 (byte 0x"
    assert found["broken"]["leukokit-x"].startswith(f"leukokit-x 1.5: its entry_points.txt {reason}")


def test_damaged_metadata_of_a_package_that_is_no_plugin_is_no_matter_of_ours(site):
    """Nothing is said of it."""
    site.install("foreign", "x", "raise RuntimeError")
    (site.folder / "foreign-1.5.dist-info" / "entry_points.txt").write_bytes(
        b"[console_scripts]\nx = caf\xe9\n"
    )
    assert site.discover()["broken"] == {}


def test_a_distribution_whose_name_cannot_be_read_is_still_listed(site):
    """Its plugin works."""
    site.install("leukokit-otsu", "otsu", site.good)
    (site.folder / "leukokit_otsu-1.5.dist-info" / "METADATA").write_bytes(b"Name: caf\xe9\n")
    assert "otsu/otsu" in site.discover()["names"]


@pytest.mark.parametrize("value", ["0", "-1", "soon", "nan", "inf"])
def test_a_time_limit_that_is_none_is_refused(site, value):
    """Exit code 2, with the name of the variable."""
    site.install("leukokit-otsu", "otsu", site.good)
    site.environment["LEUKOKIT_PLUGIN_SECONDS"] = value
    done = site.run("-m", "leukokit", "list")
    assert done.returncode == 2
    assert f"LEUKOKIT_PLUGIN_SECONDS: {value!r} is no time limit. Give a number of seconds" in done.stderr


def hanging(site, tmp_path: Path) -> tuple[subprocess.Popen[str], int]:
    """Start ``leukokit list`` with a plugin that hangs; return it and the process id of its child."""
    file = tmp_path / "pid"
    site.install(
        "leukokit-slow",
        "slow",
        f"import os, pathlib, time\npathlib.Path({str(file)!r}).write_text(f'{{os.getpid()}} ')\n"
        "time.sleep(600)",
    )
    path = os.pathsep.join([str(site.folder), *filter(None, [os.environ.get("PYTHONPATH")])])
    command = subprocess.Popen(
        [sys.executable, "-m", "leukokit", "list"],
        env={**os.environ, **site.environment, "PYTHONPATH": path},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until(lambda: file.exists() and file.read_text().endswith(" "), 60)
    return command, int(file.read_text())


def wait_until(condition, seconds: float) -> None:
    """Wait; fails where the condition does not come true."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def is_gone(pid: int) -> bool:
    """Whether no process of that number runs; one that is dead and not waited for counts as gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_an_interrupt_does_not_wait_for_a_plugin_that_hangs(site, tmp_path):
    """Exit code 130 within five seconds, and no process is left."""
    command, pid = hanging(site, tmp_path)
    command.send_signal(signal.SIGINT)
    _, error = command.communicate(timeout=5)
    assert command.returncode == 130
    assert "interrupted" in error
    wait_until(lambda: is_gone(pid), 5)


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_child_does_not_outlive_its_parent(site, tmp_path, number):
    """Even where the parent had no time to end it."""
    command, pid = hanging(site, tmp_path)
    command.send_signal(number)
    command.communicate(timeout=5)
    wait_until(lambda: is_gone(pid), 5)
