"""Run the command line in processes of their own that need not import large libraries again.

A server process imports them once and forks for each command. The child gets the arguments, environment,
working directory and standard streams of a process that is started afresh, imports leukokit itself and ends
by the normal way of the interpreter. Two servers take turns, whose sets of text have different orders: what
depends on that order differs between two runs of one test.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from functools import cache
from itertools import cycle
from pathlib import Path
from typing import Any

# What nearly every command imports.
MODULES = (
    *("cv2", "matplotlib.figure", "matplotlib.backends.backend_agg", "numba", "numpy", "pandas", "PIL.Image"),
    *("pebble", "psutil", "pyarrow.parquet", "pydantic", "rich.console", "rich.table", "scipy.ndimage"),
    *("scipy.optimize", "scipy.stats", "simplejpeg", "skimage.measure", "skimage.morphology"),
    *("skimage.segmentation", "sklearn.calibration", "sklearn.feature_selection", "sklearn.model_selection"),
    *("sklearn.preprocessing", "sklearn.svm", "skops.io"),
    *("leukokit.cli.run", "leukokit.cli._summary", "leukokit.engine.run", "leukokit.workflow"),
    *("leukokit.plugins.features.morphology", "leukokit.plugins.segment.multi_otsu"),
)


def run_command(
    arguments: list[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    timeout: float | None = None,
    preexec_fn: Callable[[], object] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run ``leukokit`` with arguments; return its exit code and what it wrote."""
    command = [sys.executable, "-m", "leukokit", *arguments]
    if sys.platform != "linux" or preexec_fn is not None:
        return subprocess.run(
            command,
            cwd=cwd,
            env=env,
            capture_output=True,
            text=True,
            timeout=timeout,
            preexec_fn=preexec_fn,
        )
    with tempfile.TemporaryDirectory(prefix="leukotest") as folder:
        streams = {name: str(Path(folder) / name) for name in ("stdout", "stderr")}
        asked = {"arguments": arguments, "cwd": str(cwd), "env": dict(env), **streams}
        code = next(_servers()).run(asked, command, timeout)
        out, err = (Path(path).read_text(encoding="utf-8") for path in streams.values())
    return subprocess.CompletedProcess(command, code, out, err)


class _Server:
    """A process that forks for each command; started when first asked."""

    def __init__(self, hash_seed: int) -> None:
        self._hash_seed = hash_seed
        self._process: subprocess.Popen[str] | None = None

    def run(self, asked: dict[str, Any], command: list[str], timeout: float | None) -> int:
        process = self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        print(json.dumps(asked), file=process.stdin, flush=True)
        child = int(process.stdout.readline())
        late = threading.Event()

        def end() -> None:
            late.set()
            os.killpg(child, signal.SIGKILL)

        timer = threading.Timer(timeout or 10**6, end)
        timer.daemon = True
        timer.start()
        status = int(process.stdout.readline())
        timer.cancel()
        if late.is_set():
            raise subprocess.TimeoutExpired(command, timeout or 0)
        return os.waitstatus_to_exitcode(status)

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, __file__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env={**os.environ, "PYTHONHASHSEED": str(self._hash_seed)},
            )
        return self._process


@cache
def _servers() -> cycle[_Server]:
    return cycle([_Server(1), _Server(2)])


def _serve() -> dict[str, Any] | None:
    """Fork for each command; return in a child with what was asked for, and in the server at the end."""
    import importlib

    for name in MODULES:
        importlib.import_module(name)
    _load_compiled_code()
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    for line in sys.stdin:
        child = os.fork()
        if not child:
            answers.close()
            return dict(json.loads(line))
        print(child, file=answers, flush=True)
        _, status = os.waitpid(child, 0)
        print(status, file=answers, flush=True)
    return None


def _load_compiled_code() -> None:
    """Measure one picture, so that numba reads its compiled functions here and not in each command."""
    import cv2

    from leukokit.api import Planes
    from leukokit.plugins.features.intensity import Intensity
    from leukokit.plugins.features.morphology import Morphology
    from leukokit.plugins.segment.multi_otsu import MultiOtsu
    from leukokit.smear.estimate import measure_scale
    from leukokit.testing.images import disks

    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)  # a thread does not live on in the children
    image, labels = disks(size=96, cells=4)
    measure_scale(image)
    MultiOtsu.create().segment(image)
    for features in (Intensity.create(), Morphology.create()):
        features.extract(Planes(image), labels)
    cv2.setNumThreads(threads)


def _become(asked: dict[str, Any]) -> None:
    """Take over what a process that is started afresh would have been given."""
    os.setsid()
    for number, path in ((1, asked["stdout"]), (2, asked["stderr"])):
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(opened, number)
        os.close(opened)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    old = [os.path.realpath(part) for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part]
    own = {*old, str(Path(__file__).parent)}
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["env"])
    named = [part for part in asked["env"].get("PYTHONPATH", "").split(os.pathsep) if part]
    sys.path[:] = [str(Path.cwd()), *named, *(part for part in sys.path if part not in own)]
    sys.argv[:] = ["leukokit", *asked["arguments"]]
    tempfile.tempdir = None


if __name__ == "__main__":
    asked = _serve()
    if asked is not None:
        _become(asked)
        import runpy

        runpy.run_module("leukokit", run_name="__main__", alter_sys=True)
