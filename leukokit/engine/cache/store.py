"""The content-addressed cache on disk.

Results of image steps lie in one SQLite file a step, one row an image: a look-up of thousands of rows is one
query, writers of several processes do not disturb each other, and a process killed in the middle leaves whole
rows only. Results of table steps (a fitted model, its predictions) are folders that appear by a rename. Every
row and every folder carries a checksum; what fails it is dropped with a warning and computed again. What an
unfinished fit leaves for the next try is a folder too, which only the process that holds its lock may touch.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from leukokit.engine.cache.keys import LAYOUT
from leukokit.engine.cache.serialization import CONTENT

_BUSY_SECONDS = 60
_CHUNK = 500  # keys a query; SQLite's limit on bound variables is 999 in old builds
_SCAN = 2  # a table of up to so many rows a wanted key is read from end to end
_MANIFEST = "manifest.json"
_TITLE = "title.txt"
_CHECKPOINTS = "checkpoints"


@dataclass(frozen=True, slots=True)
class Entry:
    """One step's or table's share of the cache.

    Attributes
    ----------
    key : str
        Step or table key.
    kind : str
        ``images`` for rows of an image step, ``tables`` for a folder, ``fits`` for the checkpoints of a fit
        that did not end.
    title : str
        What it holds, for people.
    items : int
        Rows or files.
    bytes : int
        Size on disk.
    used : float
        Seconds since the epoch when it was last used; only for deciding what to prune.
    path : Path
    """

    key: str
    kind: str
    title: str
    items: int
    bytes: int
    used: float
    path: Path


class Store:
    """Rows of image steps and folders of table steps, by key.

    Parameters
    ----------
    root : Path
        The cache folder; made when first written to.
    warn : callable, optional
        Takes one sentence whenever something in the cache could not be used.
    """

    def __init__(self, root: Path, warn: Callable[[str], None] | None = None) -> None:
        self.root = root / f"v{LAYOUT}"
        self._warn = warn or (lambda _: None)

    def __reduce__(self) -> tuple[object, ...]:
        return (Store, (self.root.parent,))

    # --- rows of image steps -------------------------------------------------------------------------------

    def get_rows(self, step: str, keys: Sequence[str]) -> dict[str, bytes]:
        """Payloads of those ``keys`` that are cached for ``step`` and pass their checksum."""
        path = self._step_path(step)
        if not path.exists():
            return {}
        found: dict[str, bytes] = {}
        damaged = 0
        try:
            with self._open(path, write=False) as connection:
                for key, payload, checksum in _select(connection, "key, payload, checksum", keys):
                    if not isinstance(payload, bytes) or zlib.crc32(payload) != checksum:
                        damaged += 1
                    else:
                        found[key] = payload
        except sqlite3.Error as error:
            self._warn(f"cache file {path} cannot be read ({error}); its results are computed again")
            self._set_aside(path, error)
            return {}
        if damaged:
            self._warn(f"{damaged} damaged entries in cache file {path}; they are computed again")
        return found

    def has_rows(self, step: str, keys: Sequence[str]) -> set[str]:
        """Those ``keys`` that are cached for ``step``; their content is neither read nor checked."""
        path = self._step_path(step)
        found: set[str] = set()
        if not path.exists():
            return found
        try:
            with self._open(path, write=False) as connection:
                found.update(key for (key,) in _select(connection, "key", keys))
        except sqlite3.Error as error:
            self._warn(f"cache file {path} cannot be read ({error}); its results are computed again")
            self._set_aside(path, error)
            return set()
        return found

    def put_rows(self, step: str, title: str, rows: Iterable[tuple[str, bytes]]) -> None:
        """Keep payloads of ``step``; a full or read-only disk is told once and costs no result."""
        batch = [(key, payload, zlib.crc32(payload)) for key, payload in rows]
        if not batch:
            return
        path = self._step_path(step)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with self._open(path, write=True) as connection, connection:
                connection.execute("INSERT OR IGNORE INTO about VALUES ('title', ?)", (title,))
                connection.executemany("INSERT OR REPLACE INTO rows VALUES (?, ?, ?)", batch)
        except (sqlite3.Error, OSError) as error:
            self._warn(
                f"cache file {path} cannot be written ({error}); this run's results are not kept there"
            )
            if isinstance(error, sqlite3.DatabaseError):
                self._set_aside(path, error)

    def _step_path(self, step: str) -> Path:
        return self.root / "images" / step[:2] / f"{step}.sqlite"

    @contextmanager
    def _open(self, path: Path, *, write: bool) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(path, timeout=_BUSY_SECONDS) if write else _connect_read_only(path)
        with closing(connection):
            if write:
                connection.execute("PRAGMA journal_mode=WAL")
                # A lost row is computed again, so nothing waits for the disk; a torn one fails its checksum.
                connection.execute("PRAGMA synchronous=OFF")
                connection.execute("CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT)")
                connection.execute(
                    "CREATE TABLE IF NOT EXISTS rows (key TEXT PRIMARY KEY, payload BLOB, checksum INTEGER)"
                )
            yield connection

    def _set_aside(self, path: Path, error: sqlite3.Error) -> None:
        """Remove a file that is no longer a database, so that a fresh one can take its place."""
        text = str(error)
        if "malformed" not in text and "not a database" not in text:
            return
        for suffix in ("", "-wal", "-shm"):
            try:
                Path(f"{path}{suffix}").unlink(missing_ok=True)
            except OSError:
                self._warn(f"damaged cache file {path} cannot be removed; remove it by hand")

    # --- folders of table steps ----------------------------------------------------------------------------

    def get_folder(self, key: str) -> Path | None:
        """Folder kept under ``key``, if whole."""
        folder = self._folder_path(key)
        try:
            listed: Mapping[str, str] = json.loads((folder / _MANIFEST).read_text())["files"]
            whole = all(_file_digest(folder / name) == expected for name, expected in listed.items())
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, AttributeError) as error:
            self._warn(f"cache folder {folder} cannot be read ({error}); its results are computed again")
            return None
        if not whole:
            self._warn(f"cache folder {folder} is damaged; its results are computed again")
            return None
        return folder

    def put_folder(self, key: str, title: str, source: Path) -> bool:
        """Keep a copy of the files of ``source`` under ``key``; False, with a warning, where that failed."""
        target = self._folder_path(key)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=target.parent))
            try:
                shutil.copytree(source, draft, dirs_exist_ok=True)
                files = sorted(path for path in draft.rglob("*") if path.is_file())
                listed = {path.relative_to(draft).as_posix(): _file_digest(path) for path in files}
                (draft / _MANIFEST).write_text(json.dumps({"title": title, "files": listed}))
                if target.exists():
                    shutil.rmtree(target)
                draft.rename(target)
            finally:
                shutil.rmtree(draft, ignore_errors=True)
        except OSError as error:
            self._warn(
                f"cache folder {target} cannot be written ({error}); this run's results are not kept there"
            )
            return False
        return True

    def get_file(self, key: str, name: str = CONTENT) -> bytes | None:
        """Content that ``put_file`` kept under ``key``, if whole."""
        folder = self.get_folder(key)
        return None if folder is None else (folder / name).read_bytes()

    def put_file(self, key: str, title: str, content: bytes, name: str = CONTENT) -> bool:
        """Keep one file under ``key``; False, with a warning, where that failed."""
        with tempfile.TemporaryDirectory(prefix="leukokit-") as scratch:
            (Path(scratch) / name).write_bytes(content)
            return self.put_folder(key, title, Path(scratch))

    def _folder_path(self, key: str) -> Path:
        return self.root / "tables" / key[:2] / key

    # --- unfinished fits -----------------------------------------------------------------------------------

    @contextmanager
    def unfinished(self, key: str, title: str) -> Iterator[Path]:
        """Hold the folder in which the fit of ``key`` keeps its checkpoints, as the last try left it.

        It stays until ``forget_unfinished``, unless nothing was put into it.

        Raises
        ------
        filelock.Timeout
            Where another process holds it.
        OSError
            Where the cache cannot be written to.
        """
        folder = self._unfinished_path(key)
        folder.parent.mkdir(parents=True, exist_ok=True)
        with self._unfinished_lock(folder):
            checkpoints = folder / _CHECKPOINTS
            checkpoints.mkdir(parents=True, exist_ok=True)
            (folder / _TITLE).write_text(title, encoding="utf-8")
            try:
                yield checkpoints
            finally:
                if checkpoints.is_dir() and not any(checkpoints.iterdir()):
                    self.forget_unfinished(key)

    def forget_unfinished(self, key: str) -> None:
        """Remove the checkpoints of ``key``; only for who holds them."""
        shutil.rmtree(self._unfinished_path(key), ignore_errors=True)

    def _unfinished_path(self, key: str) -> Path:
        return self.root / "fits" / key

    def _unfinished_lock(self, folder: Path) -> FileLock:
        # The lock's file is empty and stays: if it were removed while another process opens it, that process
        # would hold the removed file and a third a new one, both sure to be alone.
        return FileLock(folder.with_suffix(".lock"), blocking=False)

    # --- upkeep --------------------------------------------------------------------------------------------

    def entries(self) -> list[Entry]:
        """Everything kept, least recently used first."""
        found = [_step_entry(path) for path in self.root.glob("images/*/*.sqlite")]
        found += [_folder_entry(path.parent) for path in self.root.glob(f"tables/*/*/{_MANIFEST}")]
        found += [_unfinished_entry(path) for path in self.root.glob("fits/*") if path.is_dir()]
        return sorted(found, key=lambda entry: entry.used)

    def touch(self, step: str) -> None:
        """Note that ``step`` was used now, for pruning."""
        path = self._step_path(step)
        try:
            if path.exists():
                os.utime(path)
        except OSError:
            return  # a read-only cache keeps its order

    def prune(self, max_bytes: int) -> list[Entry]:
        """Remove the least recently used entries until the cache holds at most ``max_bytes``.

        Checkpoints of a fit that is going on are left alone.
        """
        entries = self.entries()
        excess = sum(entry.bytes for entry in entries) - max_bytes
        removed = []
        for entry in entries:
            if excess <= 0:
                break
            if entry.kind == "fits":
                if not self._remove_unfinished(entry.path):
                    continue
            elif entry.kind == "tables":
                shutil.rmtree(entry.path)
            else:
                for suffix in ("", "-wal", "-shm"):
                    Path(f"{entry.path}{suffix}").unlink(missing_ok=True)
            excess -= entry.bytes
            removed.append(entry)
        return removed

    def _remove_unfinished(self, folder: Path) -> bool:
        try:
            with self._unfinished_lock(folder):
                shutil.rmtree(folder, ignore_errors=True)
        except Timeout:
            return False
        return True


def _connect_read_only(path: Path) -> sqlite3.Connection:
    address = path.absolute().as_uri()
    connection = sqlite3.connect(f"{address}?mode=ro", timeout=_BUSY_SECONDS, uri=True)
    try:
        connection.execute("SELECT 1 FROM rows LIMIT 1")
    except sqlite3.OperationalError:
        # In a folder without write permission SQLite cannot make the lock files that WAL needs. Nobody can
        # write there then, so the file may be read as one that does not change.
        connection.close()
        connection = sqlite3.connect(f"{address}?immutable=1", uri=True)
    return connection


def _select(connection: sqlite3.Connection, columns: str, keys: Sequence[str]) -> Iterator[Any]:
    """Rows of those ``keys`` that are there: ``columns``, of which the first is the key, in any order."""
    if not keys:
        return
    (rows,) = connection.execute("SELECT MAX(rowid) FROM rows").fetchone()
    # Reading a row in passing costs half of finding one by its key.
    if (rows or 0) <= _SCAN * len(keys):
        wanted = set(keys)
        for row in connection.execute(f"SELECT {columns} FROM rows"):
            if row[0] in wanted:
                yield row
        return
    for start in range(0, len(keys), _CHUNK):
        chunk = list(keys[start : start + _CHUNK])
        marks = ",".join("?" * len(chunk))
        yield from connection.execute(f"SELECT {columns} FROM rows WHERE key IN ({marks})", chunk)


def _file_digest(path: Path) -> str:
    return hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest()


def _step_entry(path: Path) -> Entry:
    title, items = "unreadable", 0
    try:
        with closing(_connect_read_only(path)) as connection:
            row = connection.execute("SELECT value FROM about WHERE name = 'title'").fetchone()
            title = row[0] if row else "untitled"
            items = connection.execute("SELECT count(*) FROM rows").fetchone()[0]
    except sqlite3.Error:
        pass  # an unreadable file is listed as such, and pruned like any other
    sizes = [Path(f"{path}{suffix}") for suffix in ("", "-wal", "-shm")]
    size = sum(part.stat().st_size for part in sizes if part.exists())
    return Entry(path.stem, "images", title, items, size, path.stat().st_mtime, path)


def _folder_entry(folder: Path) -> Entry:
    try:
        title = str(json.loads((folder / _MANIFEST).read_text())["title"])
    except (OSError, ValueError, KeyError):
        title = "unreadable"
    files = [path for path in folder.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files)
    return Entry(folder.name, "tables", title, len(files) - 1, size, folder.stat().st_mtime, folder)


def _unfinished_entry(folder: Path) -> Entry:
    title = "unreadable"
    with suppress(OSError):
        title = (folder / _TITLE).read_text(encoding="utf-8")
    files = [path for path in (folder / _CHECKPOINTS).rglob("*") if path.is_file()]
    facts = [path.stat() for path in files]
    used = max((each.st_mtime for each in facts), default=folder.stat().st_mtime)
    size = sum(each.st_size for each in facts)
    return Entry(folder.name, "fits", f"unfinished: {title}", len(files), size, used, folder)
