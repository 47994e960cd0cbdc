"""A distribution that a test writes, installs by its path, and writes again in another version."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

PLUGIN = """
from leukokit.api import ComponentSpec, hookimpl

@hookimpl
def leukokit_feature_extractors():
    return [ComponentSpec("numbers", "leukokit_made.components:Numbers", "Two numbers of an image.")]

@hookimpl
def leukokit_preprocessors():
    return [ComponentSpec("gate", "leukokit_made.components:Gate", "Waits for a file.")]
"""

COMPONENTS = """
import time
from pathlib import Path

from leukokit.api import FeatureExtractor, Params, Preprocessor
from leukokit_made.formula import brightness


class Numbers(FeatureExtractor):
    revision = 1

    def names(self):
        return ("brightness", "width")

    def extract(self, planes, labels=None):
        return {"brightness": brightness(planes.rgb), "width": float(planes.rgb.shape[1])}


class GateParams(Params):
    pass


class Gate(Preprocessor):
    Params = GateParams
    cheap = True

    def apply(self, image, *, rng=None):
        if Path("closed").exists():
            Path("waiting").touch()
            while Path("closed").exists():
                time.sleep(0.02)
        return image
"""

FORMULA = """
def brightness(image):
    return float(image.mean())
"""

FILES = {"plugin.py": PLUGIN, "components.py": COMPONENTS, "formula.py": FORMULA, "__init__.py": ""}


@dataclass(frozen=True)
class Distribution:
    """Package ``leukokit_made`` in a folder that is put on the path."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)

    def write(self, version: str = "1.0", files: Mapping[str, str] | None = None) -> None:
        """Install a version, instead of any before; ``files`` replace those of the first one."""
        shutil.rmtree(self.root, ignore_errors=True)
        package, about = self.root / "leukokit_made", self.root / f"leukokit_made-{version}.dist-info"
        package.mkdir(parents=True)
        about.mkdir()
        for name, text in {**FILES, **(files or {})}.items():
            (package / name).write_text(text)
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: leukokit-made\nVersion: {version}\n")
        (about / "entry_points.txt").write_text("[leukokit]\nmade = leukokit_made.plugin\n")

    def start(self, folder: Path, *arguments: object) -> subprocess.Popen[str]:
        """Start the command with the distribution installed."""
        path = os.pathsep.join(filter(None, [str(self.root), self.environment.get("PYTHONPATH")]))
        return subprocess.Popen(
            [sys.executable, "-m", "leukokit", *map(str, arguments)],
            cwd=folder,
            # Python takes a compiled file for a source of the same size and second.
            env={**self.environment, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Run the command to its end."""
        process = self.start(folder, *arguments)
        output, errors = process.communicate(timeout=240)
        return subprocess.CompletedProcess(process.args, process.returncode, output, errors)
