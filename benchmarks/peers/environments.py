"""Virtual environments of the benchmark's own: made once, found again while their requirements stay."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

REQUIREMENTS = Path(__file__).parent / "requirements"

THREADS = ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "VECLIB_MAXIMUM", "BLIS", "NUMBA")
"""Libraries whose number of threads is read from ``<NAME>_NUM_THREADS``."""


class PeerError(Exception):
    """A peer could not be installed, started or run; the text says why in one line."""


def environment(name: str, folder: Path) -> Path:
    """Find or make the environment of ``requirements/<name>.txt``.

    ``<name>.no-deps.txt``, where it is there, is installed last and without what it asks for.

    Parameters
    ----------
    name : str
        Name of the requirements file.
    folder : Path
        Folder of all environments.

    Returns
    -------
    Path
        The environment's folder of programs.

    Raises
    ------
    PeerError
        Where something cannot be installed.
    """
    files = [
        path for path in (REQUIREMENTS / f"{name}.txt", REQUIREMENTS / f"{name}.no-deps.txt") if path.exists()
    ]
    contents = "".join(path.read_text() for path in files) + sys.version
    home = folder / f"{name}-{hashlib.sha256(contents.encode()).hexdigest()[:12]}"
    programs = home / ("Scripts" if os.name == "nt" else "bin")
    complete = home / "complete"
    if complete.exists():
        return programs
    print(f"installing {name} into {home}", file=sys.stderr)
    shutil.rmtree(home, ignore_errors=True)  # an install that was cut short
    home.parent.mkdir(parents=True, exist_ok=True)
    _call(sys.executable, "-m", "venv", str(home))
    for path in files:
        alone = ["--no-deps"] if path.name.endswith(".no-deps.txt") else []
        _call(str(programs / "python"), "-m", "pip", "install", "--quiet", *alone, "-r", str(path))
    complete.touch()
    return programs


def quiet_environment(**more: str) -> dict[str, str]:
    """Variables for a peer's process: one thread, no telemetry, nothing of ours on the path."""
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    threads = {f"{name}_NUM_THREADS": "1" for name in THREADS}
    # kedro and dvc would report each command over the network.
    return (
        kept | threads | {"DO_NOT_TRACK": "1", "KEDRO_DISABLE_TELEMETRY": "1", "DVC_NO_ANALYTICS": "1"} | more
    )


def _call(*command: str) -> None:
    done = subprocess.run(command, env=quiet_environment(), capture_output=True, text=True)
    if done.returncode:
        raise PeerError(f"cannot be installed: {_reason(done.stderr + done.stdout)}")


def _reason(output: str) -> str:
    """First line that names an error, without addresses."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith("error")] or lines or ["no message"]
    return re.sub(r"\w+://\S+", "...", errors[0])[:300]
