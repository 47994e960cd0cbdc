"""Results of image steps: one SQLite file a step, one row an image.

A look-up of thousands of rows is one query, writers of several processes do not disturb each other, and a
process killed in the middle leaves whole rows only. Every row carries a checksum; a row that fails it is
left out with a warning and computed again.
"""

from __future__ import annotations

import os
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from leukokit.engine.cache.entry import Entry
from leukokit.engine.cache.faults import Fault, Faults, is_file, is_no_file, set_aside

_BUSY_SECONDS = 60
_RETRY_SECONDS = 0.005
_CHUNK = 500  # keys a query; SQLite's limit on bound variables is 999 in old builds
_SCAN = 2  # a table with at most this many rows for each wanted key is read from end to end
_SUFFIXES = ("", "-wal", "-shm")  # SQLite's files of one database

# Errors that do not come from the file's content: it is locked, or the disk is full or not writable. With any
# other error the file is no database, is damaged, or has other tables, and can never be used.
_TRANSIENT = frozenset(
    {
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_AUTH,
    }
)
_CREATE = (
    "CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT)",
    "CREATE TABLE IF NOT EXISTS rows (key TEXT PRIMARY KEY, payload BLOB, checksum INTEGER)",
)


class Rows:
    """Rows by step and key.

    Parameters
    ----------
    root : Path
        Made when first written to.
    faults : Faults
        Reports what could not be used.
    writing : Faults
        Reports what could not be kept.
    """

    def __init__(self, root: Path, faults: Faults, writing: Faults) -> None:
        self._root = root
        self._faults = faults
        self._writing = writing

    def get(self, step: str, keys: Sequence[str]) -> dict[str, bytes]:
        """Payloads of those ``keys`` that are cached for ``step`` and pass their checksum."""
        path = self._path(step)
        if not self._exists(path):
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
            self._report_unreadable(path, error)
            return {}
        if damaged:
            self._faults.report(
                Fault.DAMAGED, f"{damaged} damaged entries in cache file {path}; they are computed again"
            )
        return payloads

    def has(self, step: str, keys: Sequence[str]) -> set[str]:
        """Those ``keys`` that are cached for ``step``; their content is neither read nor checked."""
        path = self._path(step)
        if not self._exists(path):
            return set()
        try:
            with self._open(path, write=False) as connection:
                return {key for (key,) in _select(connection, "key", keys)}
        except sqlite3.Error as error:
            self._report_unreadable(path, error)
            return set()

    def put(self, step: str, title: str, rows: Iterable[tuple[str, bytes]]) -> None:
        """Keep payloads of ``step``; a full or read-only disk gives a warning and no error."""
        batch = [(key, payload, zlib.crc32(payload)) for key, payload in rows]
        if not batch:
            return
        path = self._path(step)
        removed = False
        deadline = monotonic() + _BUSY_SECONDS
        while True:
            try:
                self._write(path, title, batch)
                return
            except (sqlite3.Error, OSError) as error:
                # While the file is made by another process, SQLite says "locked" without waiting.
                if _is_locked(error) and monotonic() < deadline:
                    sleep(_RETRY_SECONDS)
                    continue
                unusable = isinstance(error, sqlite3.Error) and not _is_transient(error)
                if unusable and not removed and self._remove(path):
                    removed = True  # the rows go into a new file
                    continue
                self._writing.report(
                    Fault.NOT_WRITABLE,
                    f"cache file {path} cannot be written ({error}); this run's results are not kept there",
                )
                return

    def touch(self, step: str) -> None:
        """Note that ``step`` was used now, for pruning."""
        path = self._path(step)
        try:
            if is_file(path):
                os.utime(path)
        except OSError:
            return  # a read-only cache keeps its order

    def entries(self) -> list[Entry]:
        """Every step of which rows are kept, in no order."""
        return [_entry(path) for path in self._root.glob("*/*.sqlite") if is_file(path)]

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
        """Remove all rows of a step; False where that is not allowed."""
        return self._remove(entry.path)

    def _path(self, step: str) -> Path:
        return self._root / step[:2] / f"{step}.sqlite"

    def _exists(self, path: Path) -> bool:
        """Whether there is a database; anything but a regular file is set aside, as it may never end."""
        odd = [part for part in _parts(path) if is_no_file(part)]
        if odd:
            self._faults.report(
                Fault.UNREADABLE,
                f"{odd[0]} in the cache is no regular file; set aside, and its results are computed again",
            )
        freed = [set_aside(part) for part in odd]
        return all(freed) and is_file(path)

    def _write(self, path: Path, title: str, rows: Sequence[tuple[str, bytes, int]]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._exists(path)
        with self._open(path, write=True) as connection, connection:
            connection.execute("INSERT OR IGNORE INTO about VALUES ('title', ?)", (title,))
            connection.executemany("INSERT OR REPLACE INTO rows VALUES (?, ?, ?)", rows)

    @contextmanager
    def _open(self, path: Path, *, write: bool) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(path, timeout=_BUSY_SECONDS) if write else _connect_read_only(path)
        with closing(connection):
            if write:
                connection.execute("PRAGMA journal_mode=WAL")
                # A lost row is computed again, so nothing waits for the disk; a torn one fails its checksum.
                connection.execute("PRAGMA synchronous=OFF")
                # In one transaction: a reader sees both tables, or an empty database.
                connection.execute("BEGIN IMMEDIATE")
                for table in _CREATE:
                    connection.execute(table)
            yield connection

    def _report_unreadable(self, path: Path, error: sqlite3.Error) -> None:
        """Report a database that cannot be read; one that can never be read is removed."""
        if _is_being_made(path, error):
            return
        self._faults.report(
            Fault.UNREADABLE, f"cache file {path} cannot be read ({error}); its results are computed again"
        )
        if not _is_transient(error):
            self._remove(path)

    def _remove(self, path: Path) -> bool:
        """Remove a database; False where that is not allowed."""
        for part in _parts(path):
            try:
                part.unlink(missing_ok=True)
            except OSError:
                return False
        return True


def _parts(path: Path) -> list[Path]:
    return [Path(f"{path}{suffix}") for suffix in _SUFFIXES]


def _is_locked(error: Exception) -> bool:
    """Whether another process holds the file."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _is_transient(error: sqlite3.Error) -> bool:
    """Whether the error does not come from the content of the file."""
    code = getattr(error, "sqlite_errorcode", None)  # absent where Python itself could not read a value
    return code is not None and code & 0xFF in _TRANSIENT


def _is_being_made(path: Path, error: sqlite3.Error) -> bool:
    """Whether the error is a missing table of a database that another process was making just then."""
    if getattr(error, "sqlite_errorcode", None) != sqlite3.SQLITE_ERROR:
        return False
    try:
        with closing(_connect_read_only(path)) as connection:
            (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            if tables:  # it is made by now, or has other tables
                connection.execute("SELECT key, payload, checksum FROM rows LIMIT 1")
    except sqlite3.Error:
        return False
    return True


def _connect_read_only(path: Path) -> sqlite3.Connection:
    address = path.absolute().as_uri()
    connection = sqlite3.connect(f"{address}?mode=ro", timeout=_BUSY_SECONDS, uri=True)
    try:
        connection.execute("SELECT 1 FROM sqlite_master LIMIT 1")
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
    size = sum(part.stat().st_size for part in _parts(path) if is_file(part))
    return Entry(path.stem, "images", title, items, size, path.stat().st_mtime, path)
