"""Libraries whose import may fail on a machine: OpenCV and TensorFlow, each loaded in its own process."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from leukokit.catalog.installed import absolute_path
from leukokit.engine.doctor.finding import Finding, Level
from leukokit.engine.doctor.version import installed_version

_OPENCV = (
    "opencv-python-headless",
    "opencv-python",
    "opencv-contrib-python-headless",
    "opencv-contrib-python",
)  # all of them install the one folder cv2
_SECONDS = 120.0  # TensorFlow takes 6 s, and a few times that from a cold or shared disk

_CV2 = "import cv2\nfacts = {'version': cv2.__version__}"
_TENSORFLOW = """
import tensorflow
facts = {
    'version': tensorflow.__version__,
    'cuda': tensorflow.test.is_built_with_cuda(),
    'devices': [device.name for device in tensorflow.config.list_physical_devices()],
}
"""


@dataclass(frozen=True, slots=True)
class _Trial:
    """How the import of a library in another process went."""

    seconds: float
    facts: dict[str, Any]
    problem: str = ""


def examine_opencv() -> Iterator[Finding]:
    """Check whether cv2 loads, and whether several distributions have written into its folder."""
    installed = {name: version for name in _OPENCV if (version := installed_version(name)) is not None}
    if len(installed) > 1:
        names = " ".join(installed)
        yield Finding(
            "opencv",
            Level.FAIL,
            f"{' and '.join(f'{name} {version}' for name, version in installed.items())} are installed; each "
            "overwrites the files of the other, so it is unknown which one computes",
            f"Run: pip uninstall -y {names} && pip install opencv-python-headless",
        )
    trial = _try(_CV2)
    if "libGL" in trial.problem:
        yield Finding(
            "opencv",
            Level.FAIL,
            f"OpenCV cannot be imported, since the system has no libGL: {trial.problem}",
            "Use the OpenCV without windows: pip uninstall -y opencv-python opencv-contrib-python && "
            "pip install --force-reinstall opencv-python-headless; or install libGL (Debian: libgl1)",
        )
    elif trial.problem:
        hint = "Run: pip install --force-reinstall opencv-python-headless"
        yield Finding("opencv", Level.FAIL, f"OpenCV cannot be imported: {trial.problem}", hint)
    else:
        text = f"OpenCV {trial.facts['version']} loads in {trial.seconds:.1f} s"
        yield Finding("opencv", Level.OK, text)


def examine_tensorflow() -> Iterator[Finding]:
    """Check whether TensorFlow loads, and what it computes on."""
    if importlib.util.find_spec("tensorflow") is None:
        text = "TensorFlow is not installed; everything classical works"
        yield Finding("tensorflow", Level.NOTE, text, "For networks: pip install 'leukokit[deep]'")
        return
    trial = _try(_TENSORFLOW)
    if trial.problem:
        hint = "Run: pip install --force-reinstall tensorflow; everything classical works without it"
        yield Finding("tensorflow", Level.FAIL, f"TensorFlow cannot be imported: {trial.problem}", hint)
        return
    devices = ", ".join(name.rpartition("physical_device:")[2] for name in trial.facts["devices"])
    text = f"TensorFlow {trial.facts['version']} loads in {trial.seconds:.1f} s; devices: {devices}"
    yield Finding("tensorflow", Level.OK, text)
    if (
        "GPU" not in devices
        and Path("/dev/nvidia0").exists()
        and os.environ.get("CUDA_VISIBLE_DEVICES") != ""
    ):
        hint = (
            "Run: pip install 'tensorflow[and-cuda]'"
            if trial.facts["cuda"]
            else "Install a TensorFlow that is built with CUDA"
        )
        yield Finding(
            "tensorflow", Level.NOTE, "this machine has an NVIDIA GPU that TensorFlow does not see", hint
        )


def _try(program: str) -> _Trial:
    """Run a program that sets ``facts``, with the module search path of this process."""
    lines = ["import json, os, sys", f"sys.path[:] = {absolute_path()!r}", program, "sys.stdout.flush()"]
    code = "\n".join([*lines, "print('\\n' + json.dumps(facts), flush=True)", "os._exit(0)"])
    started = monotonic()
    try:
        done = subprocess.run(
            [sys.executable, "-c", code],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return _Trial(_SECONDS, {}, f"no end after {_SECONDS:g} s")
    except OSError as error:
        return _Trial(0.0, {}, f"a process cannot be started ({error.strerror})")
    seconds = monotonic() - started
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "backslashreplace").strip().splitlines()
        ended = f"its process ended with {done.returncode}"
        return _Trial(seconds, {}, said[-1] if said and done.returncode > 0 else ended)
    try:
        return _Trial(seconds, json.loads(done.stdout.splitlines()[-1]))
    except (ValueError, IndexError):
        return _Trial(seconds, {}, "its process ended before the import was done")
