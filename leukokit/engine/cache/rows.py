"""Results of image steps: one SQLite file a step, one row an image.

A look-up of thousands of rows is one query, writers of several processes do not disturb each other, and a
process killed in the middle leaves whole rows only. Every row carries a checksum; a row that fails it is
left out with a warning and computed again.
"""

from __future__ import annotations

import os
import sqlite3
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from leukokit.engine.cache.entry import Entry

_BUSY_SECONDS = 60
_CHUNK = 500  # keys a query; SQLite's limit on bound variables is 999 in old builds
_SCAN = 2  # a table with at most this many rows for each wanted key is read from end to end
_SUFFIXES = ("", "-wal", "-shm")  # SQLite's files of one database


class Rows:
    """Rows by step and key.

    Parameters
    ----------
    root : Path
        Made when first written to.
    warn : callable
        Takes one sentence whenever something could not be used.
    """

    def __init__(self, root: Path, warn: Callable[[str], None]) -> None:
        self._root = root
        self._warn = warn

    def get(self, step: str, keys: Sequence[str]) -> dict[str, bytes]:
        """Payloads of those ``keys`` that are cached for ``step`` and pass their checksum."""
        path = self._path(step)
        if not path.exists():
            return {}
        payloads: dict[str, bytes] = {}
        damaged = 0
        try:
            with self._open(path, write=False) as connection:
                for key, payload, checksum in _select(connection, "key, payload, checksum", keys):
                    if not isinstance(payload, bytes) or zlib.crc32(payload) != checksum:
                        damaged += 1
                    else:
                        payloads[key] = payload
        except sqlite3.Error as error:
            self._warn(f"cache file {path} cannot be read ({error}); its results are computed again")
            self._remove_damaged(path, error)
            return {}
        if damaged:
            self._warn(f"{damaged} damaged entries in cache file {path}; they are computed again")
        return payloads

    def has(self, step: str, keys: Sequence[str]) -> set[str]:
        """Those ``keys`` that are cached for ``step``; their content is neither read nor checked."""
        path = self._path(step)
        if not path.exists():
            return set()
        try:
            with self._open(path, write=False) as connection:
                return {key for (key,) in _select(connection, "key", keys)}
        except sqlite3.Error as error:
            self._warn(f"cache file {path} cannot be read ({error}); its results are computed again")
            self._remove_damaged(path, error)
            return set()

    def put(self, step: str, title: str, rows: Iterable[tuple[str, bytes]]) -> None:
        """Keep payloads of ``step``; a full or read-only disk gives a warning and no error."""
        batch = [(key, payload, zlib.crc32(payload)) for key, payload in rows]
        if not batch:
            return
        path = self._path(step)
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
                self._remove_damaged(path, error)

    def touch(self, step: str) -> None:
        """Note that ``step`` was used now, for pruning."""
        path = self._path(step)
        try:
            if path.exists():
                os.utime(path)
        except OSError:
            return  # a read-only cache keeps its order

    def entries(self) -> list[Entry]:
        """Every step of which rows are kept, in no order."""
        return [_entry(path) for path in self._root.glob("*/*.sqlite")]

    def problem(self, entry: Entry) -> str:
        """Read all rows of a step, and say what is damaged; empty if nothing is."""
        try:
            with self._open(entry.path, write=False) as connection:
                rows = connection.execute("SELECT payload, checksum FROM rows")
                damaged = sum(
                    not isinstance(payload, bytes) or zlib.crc32(payload) != checksum
                    for payload, checksum in rows
                )
        except sqlite3.Error as error:
            return f"cannot be read ({error})"
        return f"{damaged} of {entry.items} rows are damaged" if damaged else ""

    def remove(self, entry: Entry) -> bool:
        """Remove all rows of a step; True."""
        for suffix in _SUFFIXES:
            Path(f"{entry.path}{suffix}").unlink(missing_ok=True)
        return True

    def _path(self, step: str) -> Path:
        return self._root / step[:2] / f"{step}.sqlite"

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

    def _remove_damaged(self, path: Path, error: sqlite3.Error) -> None:
        """Remove a file that is no longer a database, so that a new one can be written."""
        text = str(error)
        if "malformed" not in text and "not a database" not in text:
            return
        for suffix in _SUFFIXES:
            try:
                Path(f"{path}{suffix}").unlink(missing_ok=True)
            except OSError:
                self._warn(f"damaged cache file {path} cannot be removed; remove it by hand")


def _connect_read_only(path: Path) -> sqlite3.Connection:
    address = path.absolute().as_uri()
    connection = sqlite3.connect(f"{address}?mode=ro", timeout=_BUSY_SECONDS, uri=True)
    try:
        connection.execute("SELECT 1 FROM rows LIMIT 1")
    except sqlite3.OperationalError:
        # In a folder without write permission SQLite cannot make the lock files that WAL needs. Nobody can
        # write to such a folder, so the file may be read as one that does not change.
        connection.close()
        connection = sqlite3.connect(f"{address}?immutable=1", uri=True)
    return connection


def _select(connection: sqlite3.Connection, columns: str, keys: Sequence[str]) -> Iterator[Any]:
    """Rows of those ``keys`` that are there: ``columns``, of which the first is the key, in any order."""
    if not keys:
        return
    (rows,) = connection.execute("SELECT MAX(rowid) FROM rows").fetchone()
    # Reading every row in turn costs half as much a row as finding rows by their keys.
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


def _entry(path: Path) -> Entry:
    title, items = "unreadable", 0
    try:
        with closing(_connect_read_only(path)) as connection:
            row = connection.execute("SELECT value FROM about WHERE name = 'title'").fetchone()
            title = row[0] if row else "untitled"
            items = connection.execute("SELECT count(*) FROM rows").fetchone()[0]
    except sqlite3.Error:
        pass  # an unreadable file is listed as such, and pruned like any other
    sizes = [Path(f"{path}{suffix}") for suffix in _SUFFIXES]
    size = sum(part.stat().st_size for part in sizes if part.exists())
    return Entry(path.stem, "images", title, items, size, path.stat().st_mtime, path)
