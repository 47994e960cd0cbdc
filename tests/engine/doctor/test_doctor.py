"""``leukokit doctor``: what is wrong with a machine is named, with what to do."""

from __future__ import annotations

import json
import re
import sqlite3
import sys
from pathlib import Path
from typing import Any

import pytest

from leukokit.engine.cache.store import Store

Findings = list[dict[str, str]]

COMPONENTS = """
from leukokit.api import ComponentSpec, hookimpl

@hookimpl
def leukokit_selectors():
    return [
        ComponentSpec(name, f"leukokit_parts_code:{name.title()}", "A part.")
        for name in ("good", "needy", "absent")
    ] + [ComponentSpec("dies", "leukokit_parts_dies:Dies", "A part.")]
"""

CODE = """
from leukokit.api import Selector

class Good(Selector):
    pass

class Needy(Selector):
    requires = ("package_281",)
"""


def found(site: Any, *, code: int) -> Findings:
    """Run doctor; return its findings."""
    done = site.run("-m", "leukokit", "doctor", "--json")
    assert done.returncode == code, done.stderr
    findings: Findings = json.loads(done.stdout)
    assert all(finding["hint"] for finding in findings if finding["level"] != "ok")
    return findings


def hint_of(findings: Findings, level: str, area: str, *words: str) -> str:
    """Hint of the one finding of that level and area with these words in it."""
    texts = [(one["text"], one["hint"]) for one in findings if (one["level"], one["area"]) == (level, area)]
    hints = [hint for text, hint in texts if all(word in text for word in words)]
    assert len(hints) == 1, texts
    return hints[0]


def test_a_sound_machine_has_nothing_to_put_right(site):
    """Exit code 0; libraries and plugins are loaded, and the time is told."""
    site.install("leukokit-otsu", "otsu", site.good.replace("{module}_part:Otsu", "leukokit_otsu_part:Otsu"))
    (site.folder / "leukokit_otsu_part.py").write_text(
        "from leukokit.api import Segmenter\nclass Otsu(Segmenter): pass\n"
    )
    findings = found(site, code=0)
    assert [finding for finding in findings if finding["level"] == "fail"] == []
    hint_of(findings, "ok", "plugins", "otsu of leukokit-otsu 1.5: 1 component can be used, loaded in")
    hint_of(findings, "ok", "opencv", "loads in")
    hint_of(findings, "ok", "packages", "requirements of leukokit and its plugins are met")


@pytest.fixture
def faulty(site):
    """Put many faults side by side; none hides another."""
    site.install("leukokit-dead", "dead", "import os\nos._exit(3)")
    site.install("leukokit-parts", "parts", COMPONENTS)
    (site.folder / "leukokit_parts_code.py").write_text(CODE)
    (site.folder / "leukokit_parts_dies.py").write_text("import ctypes\nctypes.string_at(0)\n")
    requires = "Requires-Dist: absent-281>=2\nRequires-Dist: numpy<1; python_version >= '3'\n"
    requires += "Requires-Dist: absent-282; extra == 'more'\nProvides-Extra: more\n"
    (site.folder / "leukokit_parts-1.5.dist-info" / "METADATA").open("a").write(requires)
    for name in ("opencv_python", "opencv_python_headless"):
        info = site.folder / f"{name}-4.9.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name.replace('_', '-')}\nVersion: 4.9\n"
        )
    (site.folder / "tensorflow.py").write_text("raise ImportError('libcudart.so.12: no such file')\n")
    site.environment["LEUKOKIT_DATA"] = str(site.folder / "nowhere")
    return site


def test_every_fault_is_named_with_what_to_do(faulty):
    """Plugins, requirements, OpenCV twice, TensorFlow, the data folder; exit code 1."""
    findings = found(faulty, code=1)
    dead = hint_of(findings, "fail", "plugins", "dead of leukokit-dead 1.5 is broken", "exit code 3")
    assert dead.startswith("Update or uninstall leukokit-dead")
    assert "package_281" in hint_of(findings, "note", "plugins", "parts/needy of leukokit-parts 1.5: needs")
    assert "Reinstall" in hint_of(findings, "fail", "plugins", "parts/absent", "AttributeError")
    hint_of(findings, "fail", "plugins", "signal SIGSEGV while importing leukokit_parts_dies:Dies")
    absent = hint_of(
        findings, "fail", "packages", "leukokit-parts requires absent-281>=2; it is not installed"
    )
    assert absent == "Run: pip install 'absent-281>=2'"
    hint_of(findings, "fail", "packages", "leukokit-parts requires numpy<1; installed is ")
    assert "absent-282" not in str(findings)
    twice = hint_of(findings, "fail", "opencv", "opencv-python 4.9 are installed")
    assert twice.startswith("Run: pip uninstall -y opencv-python-headless opencv-python && pip install")
    hint_of(findings, "fail", "tensorflow", "cannot be imported: ImportError: libcudart.so.12: no such file")
    hint_of(findings, "fail", "data", "nowhere, which does not exist")


def test_a_machine_without_libgl_is_examined_to_the_end(site):
    """Although parts of leukokit cannot be imported there; a library that ends its process is named."""
    (site.folder / "cv2.py").write_text("raise ImportError('libGL.so.1: cannot open shared object file')\n")
    (site.folder / "tensorflow.py").write_text("import os; os._exit(0)\n")
    findings = found(site, code=1)
    assert "opencv-python-headless" in hint_of(findings, "fail", "opencv", "the system has no libGL")
    hint_of(findings, "fail", "plugins", "components cannot be imported: ImportError: libGL.so.1")
    hint_of(findings, "fail", "tensorflow", "its process ended before the import was done")
    assert {finding["area"] for finding in findings} >= {"machine", "disk", "packages", "data", "cache"}


def test_folders_that_cannot_be_used_are_named(site):
    """The cache is a file, and the current folder has been removed."""
    (site.folder / "tensorflow.py").write_text("import ctypes; ctypes.string_at(0)\n")
    (site.folder / "file").write_text("")
    site.environment["LEUKOKIT_CACHE"] = str(site.folder / "file")
    folder = site.folder / "gone"
    folder.mkdir()
    program = (
        f"import os, runpy, sys; os.chdir({str(folder)!r}); os.rmdir({str(folder)!r}); "
        "sys.argv = ['leukokit', 'doctor', '--json']; runpy.run_module('leukokit', run_name='__main__')"
    )
    done = site.run("-c", program)
    assert done.returncode == 1, done.stderr
    findings = json.loads(done.stdout)
    assert "LEUKOKIT_CACHE" in hint_of(findings, "note", "cache", "cannot be written to")
    assert "--out FOLDER" in hint_of(findings, "fail", "disk", "the current folder cannot be written to")
    hint_of(findings, "fail", "tensorflow", "its process ended with -11")


def test_damaged_files_of_the_cache_are_named(site, tmp_path):
    """Rows, files of a table, and what is known of plugins; whole ones are not."""
    cache = Path(site.environment["LEUKOKIT_CACHE"])
    store = Store(cache)
    store.put_rows("a" * 32, "whole rows", [("k", b"payload")])
    store.put_rows("b" * 32, "damaged rows", [("k", b"payload"), ("l", b"payload")])
    store.put_rows("c" * 32, "no database", [("k", b"payload")])
    store.put_file("d" * 32, "whole table", b"content")
    store.put_file("e" * 32, "damaged table", b"content")
    paths = {entry.title: entry.path for entry in store.entries()}
    with sqlite3.connect(paths["damaged rows"]) as connection:
        connection.execute("UPDATE rows SET payload = ? WHERE key = 'k'", (b"pay1oad",))
    paths["no database"].write_bytes(b"x" * 4096)
    next(path for path in paths["damaged table"].iterdir() if path.suffix != ".json").write_bytes(b"contend")
    site.install("leukokit-otsu", "otsu", site.good)
    site.discover()
    (kept,) = cache.glob("plugins/leukokit-otsu-*.json")
    kept.write_text(kept.read_text().replace("One", "Two"))
    (site.folder / "tensorflow.py").write_text("raise ImportError\n")
    findings = found(site, code=1)
    assert "computed again" in hint_of(findings, "fail", "cache", "damaged rows", "1 of 2 rows are damaged")
    hint_of(findings, "fail", "cache", "cannot be read")
    hint_of(findings, "fail", "cache", "damaged table", "is damaged")
    hint_of(findings, "fail", "cache", "what is known of plugins", kept.name)
    hint_of(findings, "ok", "cache", "5 entries; 3 damaged")
    assert "whole" not in str(findings)
    assert paths["no database"].exists()


def test_doctor_asks_a_plugin_again_that_failed_for_another_reason(site, tmp_path):
    """What was missing is here now, and nothing that is installed has changed."""
    weights = tmp_path / "weights"
    site.install("leukokit-otsu", "otsu", f"open({str(weights)!r})\n" + site.good.format(module="otsu"))
    (site.folder / "tensorflow.py").write_text("raise ImportError\n")
    assert "FileNotFoundError" in site.discover()["broken"]["otsu"]
    weights.write_text("")
    assert "FileNotFoundError" in site.discover()["broken"]["otsu"]
    found(site, code=1)
    assert site.discover()["broken"] == {}


def test_the_table_says_what_to_do_below_what_is_wrong(faulty):
    """And sums up in its last line."""
    done = faulty.run("-m", "leukokit", "doctor")
    assert done.returncode == 1
    lines = [line.strip() for line in done.stdout.splitlines()]
    at = next(i for i, line in enumerate(lines) if "numpy<1; installed is" in line)
    assert lines[at].split()[0] == "FAIL"
    assert lines[at + 1] == "-> Run: pip install 'numpy<1'"
    assert re.fullmatch(r"\d+ things to put right; \d+ notes? to read\.", lines[-1])
    assert sys.executable in done.stdout
