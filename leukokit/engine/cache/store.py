"""The content-addressed cache on disk: rows of images, folders of tables, checkpoints of unfinished fits."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from leukokit.cache_folder import not_writable, write_problem
from leukokit.engine.cache.entry import Entry
from leukokit.engine.cache.faults import Fault, Faults
from leukokit.engine.cache.folders import Folders
from leukokit.engine.cache.keys import LAYOUT
from leukokit.engine.cache.rows import Rows
from leukokit.engine.cache.serialization import CONTENT
from leukokit.engine.cache.unfinished_fits import UnfinishedFits
from leukokit.process import stop
from leukokit.process.scratch import scratch_folder


class Store:
    """All results that are kept, by key.

    Parameters
    ----------
    root : Path
        The cache folder; made where ``warn`` is given, or when first written to.
    warn : callable, optional
        Takes one sentence for the first fault of each kind. A folder that cannot be written to is reported at
        once, and nothing that follows from it: workers cannot report it.
    said : collection of str
        Sentences that the user has seen already.
    """

    def __init__(
        self, root: Path, warn: Callable[[str], None] | None = None, said: Collection[str] = ()
    ) -> None:
        self.root = root / f"v{LAYOUT}"
        checked = warn is not None
        warn = warn or (lambda _: None)
        self._writing = Faults(warn)
        if checked:
            self._check_writable(root, said)
        self._faults = Faults(warn)
        self._rows = Rows(self.root / "images", Faults(warn), self._writing)
        self._folders = Folders(self.root / "tables", Faults(warn), self._writing)
        self._fits = UnfinishedFits(self.root / "fits")

    def _check_writable(self, root: Path, said: Collection[str]) -> None:
        problem = write_problem(root)
        if not problem:
            return
        sentence = not_writable(root, problem)
        if sentence in said:
            self._writing.leave_out(Fault.NOT_WRITABLE)
        else:
            self._writing.report(Fault.NOT_WRITABLE, sentence)

    def __reduce__(self) -> tuple[object, ...]:
        return (Store, (self.root.parent,))

    def get_rows(self, step: str, keys: Sequence[str]) -> dict[str, bytes]:
        """Payloads of those ``keys`` that are cached for ``step`` and pass their checksum."""
        return self._rows.get(step, keys)

    def has_rows(self, step: str, keys: Sequence[str]) -> set[str]:
        """Those ``keys`` that are cached for ``step``; their content is neither read nor checked."""
        return self._rows.has(step, keys)

    def put_rows(self, step: str, title: str, rows: Iterable[tuple[str, bytes]]) -> None:
        """Keep payloads of ``step``; a full or read-only disk gives a warning and no error."""
        stop.check()  # after an interrupt that a library dropped, the result may be wrong
        self._rows.put(step, title, rows)

    def touch(self, step: str) -> None:
        """Note that the rows of ``step`` were used now, for pruning."""
        self._rows.touch(step)

    def get_folder(self, key: str) -> Path | None:
        """Folder kept under ``key``, if it is undamaged."""
        return self._folders.get(key)

    def put_folder(self, key: str, title: str, source: Path) -> bool:
        """Keep a copy of the files of ``source`` under ``key``; False, with a warning, where that failed."""
        stop.check()
        return self._folders.put(key, title, source)

    def get_file(self, key: str, name: str = CONTENT) -> bytes | None:
        """Content that ``put_file`` kept under ``key``, if it is undamaged."""
        folder = self.get_folder(key)
        if folder is None:
            return None
        try:
            return (folder / name).read_bytes()
        except OSError as error:
            self.report_unusable(f"folder {folder}", error)
            return None

    def put_file(self, key: str, title: str, content: bytes, name: str = CONTENT) -> bool:
        """Keep one file under ``key``; False, with a warning, where that failed."""
        with scratch_folder() as scratch:
            (scratch / name).write_bytes(content)
            return self.put_folder(key, title, scratch)

    def report_unusable(self, what: str, error: Exception) -> None:
        """Report, the first time, that an entry is undamaged on disk and yet not a result of its kind.

        Parameters
        ----------
        what : str
            Such as ``"row of features.0.hog"``.
        error : Exception
            The error of its decoder.
        """
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        self._faults.report(
            Fault.CONTENT,
            f"the cache holds a {what} whose content is not what was kept there ({reason}); such results are "
            "computed again",
        )

    def report_no_checkpoints(self, sentence: str) -> None:
        """Report that the cache cannot hold checkpoints, unless it is known that it cannot be written to."""
        self._writing.report(Fault.NOT_WRITABLE, sentence)

    def unfinished(self, key: str, title: str) -> AbstractContextManager[Path]:
        """Hold the folder of checkpoints of the fit of ``key``, as :meth:`UnfinishedFits.hold` says."""
        return self._fits.hold(key, title)

    def forget_unfinished(self, key: str) -> None:
        """Remove the checkpoints of ``key``; only for the process that holds them."""
        self._fits.forget(key)

    def entries(self) -> list[Entry]:
        """Everything kept, least recently used first."""
        return sorted([entry for entry, _ in self._removable()], key=lambda entry: entry.used)

    def problem(self, entry: Entry) -> str:
        """Read all of an entry, and say what is damaged; empty if nothing is, or for checkpoints."""
        parts: dict[str, Rows | Folders] = {"images": self._rows, "tables": self._folders}
        part = parts.get(entry.kind)
        return part.problem(entry) if part is not None else ""

    def prune(self, max_bytes: int) -> list[Entry]:
        """Remove the least recently used entries until the cache holds at most ``max_bytes``.

        Checkpoints of a fit that is going on are left alone.
        """
        entries = sorted(self._removable(), key=lambda pair: pair[0].used)
        excess = sum(entry.bytes for entry, _ in entries) - max_bytes
        removed = []
        for entry, remove in entries:
            if excess <= 0:
                break
            if remove(entry):
                excess -= entry.bytes
                removed.append(entry)
        return removed

    def _removable(self) -> list[tuple[Entry, Callable[[Entry], bool]]]:
        """Every entry with what removes it."""
        parts: tuple[Rows | Folders | UnfinishedFits, ...] = (self._rows, self._folders, self._fits)
        return [(entry, part.remove) for part in parts for entry in part.entries()]
