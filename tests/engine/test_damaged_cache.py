"""Every kind of entry of a real cache, damaged in every way: told once a kind, and computed again."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from contextlib import closing
from hashlib import blake2b
from pathlib import Path

import pytest

from tests.engine.conftest import RECIPE, Leukokit

RESULTS = ("metrics.json", "predictions.csv", "features.parquet", "audit.json", "model/model.skops")

Damage = Callable[[Path], None]


def databases(cache: Path) -> list[Path]:
    return sorted(cache.rglob("*.sqlite"))


def manifests(cache: Path) -> list[Path]:
    """Manifests of every other folder; the files of the others are damaged."""
    return sorted(cache.rglob("manifest.json"))[::2]


def kept_files(cache: Path) -> list[Path]:
    folders = [manifest.parent for manifest in sorted(cache.rglob("manifest.json"))[1::2]]
    files = (path for folder in folders for path in sorted(folder.rglob("*")))
    return [path for path in files if path.is_file() and path.name != "manifest.json"]


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "other").write_text("of somebody else")


def removed(path: Path) -> None:
    path.unlink()


def other_schema(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE rows (key INTEGER PRIMARY KEY, number REAL NOT NULL)")


def rows_with(change: Callable[[bytes], bytes]) -> Damage:
    """Change the content of every row, and give it the checksum of the new content."""

    def damage(path: Path) -> None:
        with closing(sqlite3.connect(path)) as connection, connection:
            rows = connection.execute("SELECT key, payload FROM rows").fetchall()
            changed = [(new := change(payload), zlib.crc32(new), key) for key, payload in rows]
            connection.executemany("UPDATE rows SET payload = ?, checksum = ? WHERE key = ?", changed)

    return damage


def of_other_head(payload: bytes) -> bytes:
    """Keep the body and say that it is something else."""
    (length,) = struct.unpack_from("<I", payload)
    head = b'{"shape": [1, 2], "roles": ["cell"], "status": "fine"}'
    return struct.pack("<I", len(head)) + head + payload[4 + length :]


def not_json(path: Path) -> None:
    path.write_text("[]")


def with_new_digests(change: Damage) -> Damage:
    """Damage a file of a folder and write its new digest into the manifest: the folder seems whole."""

    def damage(path: Path) -> None:
        change(path)
        place = path.parent
        while not (place / "manifest.json").exists():
            place = place.parent
        manifest = json.loads((place / "manifest.json").read_text())
        digest = blake2b(path.read_bytes(), digest_size=16).hexdigest()
        manifest["files"][path.relative_to(place).as_posix()] = digest
        (place / "manifest.json").write_text(json.dumps(manifest))

    return damage


def of_known_form(path: Path) -> bool:
    """Not of a figure or a model: any bytes may be one, and only their digest tells."""
    return path.suffix in (".json", ".npz", ".csv") and path.parent.name != "model"


ROWS = [
    *(cut, emptied, flipped, pipe, folder, removed, other_schema),
    *map(rows_with, (lambda row: row[:7], lambda row: row[:0], lambda row: row[:-3], of_other_head)),
]
FOLDERS = [
    *[(way, way) for way in (cut, emptied, flipped, pipe, folder, removed)],
    *[(with_new_digests(way), not_json) for way in (cut, emptied, not_json)],
]
WAYS = [
    pytest.param(way, *FOLDERS[number % len(FOLDERS)], marks=() if number % 3 == 0 else pytest.mark.slow)
    for number, way in enumerate(ROWS)
]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, pictures: Path) -> tuple[Path, Path, dict[str, bytes]]:
    """Run a recipe once: its file, the cache that the run leaves, and the results."""
    root = tmp_path_factory.mktemp("whole")
    text = RECIPE.format(root=pictures).replace("audit: {enabled: false}", "audit: {enabled: true}")
    (root / "recipe.yaml").write_text(
        text.replace("preprocess: [", "preprocess: [{use: reinhard, params: {template: fitted}}, ")
    )
    command = [sys.executable, "-m", "leukokit", "run", "recipe.yaml", "--run-dir", "run"]
    subprocess.run([*command, "--cache-dir", "cache"], cwd=root, check=True, capture_output=True)
    results = {name: (root / "run" / name).read_bytes() for name in RESULTS}
    return root / "recipe.yaml", root / "cache", results


@pytest.mark.parametrize(("of_rows", "of_files", "of_manifests"), WAYS)
def test_a_damaged_cache_costs_time_only(
    whole: tuple[Path, Path, dict[str, bytes]],
    cli: Leukokit,
    tmp_path: Path,
    of_rows: Damage,
    of_files: Damage,
    of_manifests: Damage,
) -> None:
    """Results are the same to the byte, the exit code is 0, and no kind of fault is told twice."""
    recipe, cache, results = whole
    shutil.copytree(cache, tmp_path / "cache")
    seems_whole = (of_files, of_manifests) in FOLDERS[-3:]
    files = [path for path in kept_files(tmp_path / "cache") if of_known_form(path) or not seems_whole]
    damaged = [(databases(tmp_path / "cache"), of_rows), (files, of_files)]
    damaged.append((manifests(tmp_path / "cache"), of_manifests))
    for paths, damage in damaged:
        assert paths
        for path in paths:
            damage(path)
    for name in ("first", "second"):
        done = cli("run", recipe, "--run-dir", name, "--cache-dir", "cache", timeout=120)
        assert done.returncode == 0, done.stderr
        assert {file: (tmp_path / name / file).read_bytes() for file in results} == results
        told = [line for line in done.stderr.splitlines() if "cache" in line]
        kinds = {re.sub(r"/\S+|\d+|\(.*\)", "", line) for line in told}
        assert len(kinds) == len(told) <= 4, done.stderr
    assert told == [], "the second run finds a whole cache"
    listed = cli("cache", "list", "--cache-dir", "cache", timeout=60)
    assert listed.returncode == 0, listed.stderr


def test_a_cache_folder_that_cannot_be_written_changes_no_result(
    whole: tuple[Path, Path, dict[str, bytes]], cli: Leukokit, tmp_path: Path
) -> None:
    """A file stands where it should be: one line tells for plugins, rows, folders and checkpoints."""
    recipe, _, results = whole
    (tmp_path / "home").write_text("no folder")
    done = cli("run", recipe, "--run-dir", "run", "--cache-dir", "home/cache", timeout=120)
    assert done.returncode == 0, done.stderr
    told = [line for line in done.stderr.splitlines() if "cache" in line]
    assert len(told) == 1, done.stderr
    assert {file: (tmp_path / "run" / file).read_bytes() for file in results} == results


def test_a_read_only_home_is_told_in_one_line(
    recipe: Path, cli: Leukokit, environment: dict[str, str], tmp_path: Path
) -> None:
    """Plugins, rows, fits and figures cannot be kept: one warning names the folder and what to do."""
    home = tmp_path / "home"
    home.write_text("")  # root may write into any folder, and into no file
    for name in ("LEUKOKIT_CACHE", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "MPLCONFIGDIR"):
        environment.pop(name, None)
    environment["HOME"] = str(home)
    done = cli("run", recipe, "--run-dir", "out", report=True)
    assert done.returncode == 0, done.stderr
    words = ("warning", "matplotlib", str(home))
    lines = [line for line in done.stderr.splitlines() if any(word in line.lower() for word in words)]
    assert lines == [
        f"warning: the cache folder {home / '.cache' / 'leukokit'} cannot be written to (Not a directory), "
        "so nothing is kept for the next command; set LEUKOKIT_CACHE to a folder that can be written to"
    ]
