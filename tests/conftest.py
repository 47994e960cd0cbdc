"""Fixtures that many tests share."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def data_root() -> Path:
    """Folder with the real data sets; its absence skips only the tests that need them."""
    root = Path(os.environ.get("LEUKOKIT_DATA") or Path(__file__).parents[2] / "shared" / "data")
    if not (root / "all-pbs").is_dir():
        pytest.skip(f"real data not found under {root}; set LEUKOKIT_DATA")
    return root.resolve()


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """Give a folder with a short name: in ``tmp_path`` the path of a socket can be too long."""
    with tempfile.TemporaryDirectory(prefix="leukotest") as folder:
        yield Path(folder)


PROGRAM = """
import json, sys
from leukokit.catalog import discover
from leukokit.api import Kind
catalog = discover()
print(json.dumps({
    "names": [entry.name for kind in Kind for entry in catalog.of(kind)],
    "broken": {plugin.name: f"{plugin.distribution}: {plugin.reason}" for plugin in catalog.broken},
    "conflicts": [str(conflict) for conflict in catalog.conflicts],
    "modules": sorted(sys.modules),
}))
"""


class Site:
    """A folder on the path with fake distributions in it: modules and metadata, as an installer leaves them.

    Attributes
    ----------
    good : str
        Code of a plugin without faults; ``{module}`` stands for its name.
    environment : dict
        Variables that commands get beside those of the tests.
    """

    good = """
from leukokit.api import ComponentSpec, hookimpl

@hookimpl
def leukokit_segmenters():
    return [ComponentSpec("otsu", "{module}_part:Otsu", "One threshold.")]
"""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "site"
        self.folder.mkdir()
        self.environment = {"LEUKOKIT_CACHE": str(folder / "cache"), "COLUMNS": "200"}

    def install(self, distribution: str, point: str, code: str, module: str | None = None) -> None:
        """Write a module, and metadata with one entry point that names it."""
        module = module or distribution.replace("-", "_")
        (self.folder / f"{module}.py").write_text(code.format(module=module) if "{module}" in code else code)
        info = self.folder / f"{distribution.replace('-', '_')}-1.5.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.5\n")
        (info / "entry_points.txt").write_text(f"[leukokit]\n{point} = {module}\n")

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run Python with this folder on its path."""
        path = os.pathsep.join([str(self.folder), *filter(None, [os.environ.get("PYTHONPATH")])])
        environment = {**os.environ, "PYTHONPATH": path, "NO_COLOR": "1", **self.environment}
        return subprocess.run(
            [sys.executable, *arguments],
            env=environment,
            capture_output=True,
            text=True,
            timeout=240,  # a run takes 15 s on a quiet machine
            check=False,
        )

    def discover(self) -> dict[str, object]:
        """Discover in a fresh interpreter."""
        done = self.run("-c", PROGRAM)
        assert done.returncode == 0, done.stderr
        found: dict[str, object] = json.loads(done.stdout)
        return found


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Make an empty folder of distributions."""
    return Site(tmp_path)
