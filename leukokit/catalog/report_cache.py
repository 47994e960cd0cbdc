"""Reports on plugins, kept between commands: one file for each distribution, with a checksum."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from pathlib import Path

from leukokit.cache_folder import not_writable, write_problem
from leukokit.catalog.report import DistributionReport

_FOLDER = "plugins"
_MOST = 500  # files; each has a few kB, and every update of a plugin leaves one behind


class ReportCache:
    """Reports by distribution and fingerprint.

    Parameters
    ----------
    cache : Path or None
        The cache folder; None to keep nothing.

    Attributes
    ----------
    notes : list of str
        What could not be read or written, one sentence each; of several equal faults only the first.
    """

    def __init__(self, cache: Path | None) -> None:
        self._folder = cache / _FOLDER if cache is not None else None
        self.notes: list[str] = []
        self._written = True

    def get(self, distribution: str, fingerprint: str | None) -> DistributionReport | None:
        """Report that is kept under that fingerprint, if whole."""
        path = self._path(distribution, fingerprint)
        if path is None:
            return None
        try:
            return read_report(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            self.notes.append(
                f"what was known of the plugins of {distribution} cannot be read ({path}: {reason}); "
                "they are examined again"
            )
            return None

    def put(self, distribution: str, fingerprint: str | None, report: DistributionReport) -> None:
        """Keep a report; a folder that cannot be written to gives one note, and only costs time."""
        path = self._path(distribution, fingerprint)
        if path is None or not self._written:
            return
        body = json.dumps(report.plain())
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(path, f"{_checksum(body)}\n{body}")
            _remove_oldest(path.parent)
        except OSError as error:
            self._written = False
            cache = path.parent.parent
            problem = write_problem(cache)
            self.notes.append(
                not_writable(cache, problem)
                if problem
                else f"what is known of plugins cannot be kept in {path.parent} ({error.strerror}), so every "
                "command examines them again; correct its permissions, or set LEUKOKIT_CACHE"
            )

    def _path(self, distribution: str, fingerprint: str | None) -> Path | None:
        if self._folder is None or fingerprint is None:
            return None
        name = re.sub(r"[^A-Za-z0-9.]+", "-", distribution)[:80]
        return self._folder / f"{name}-{fingerprint}.json"


def report_files(cache: Path) -> list[Path]:
    """Files of all kept reports."""
    return sorted((cache / _FOLDER).glob("*.json"))


def read_report(path: Path) -> DistributionReport:
    """Read a kept report.

    Raises
    ------
    OSError
        Where the file cannot be read.
    ValueError
        Where it is damaged.
    """
    checksum, _, body = path.read_text("utf-8").partition("\n")
    if checksum != _checksum(body):
        raise ValueError("the file is damaged")
    try:
        return DistributionReport.from_plain(json.loads(body))
    except (KeyError, TypeError) as error:
        raise ValueError(f"the file holds something else: {error}") from error


def _checksum(body: str) -> str:
    return hashlib.blake2b(body.encode(), digest_size=16).hexdigest()


def _write(path: Path, text: str) -> None:
    """Write a file so that other commands see the whole file or none."""
    import tempfile  # costs a tenth of what `leukokit list` takes, and is seldom needed

    handle, draft = tempfile.mkstemp(prefix=".draft-", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(draft).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(draft).unlink()
        raise


def _remove_oldest(folder: Path) -> None:
    """Remove the oldest files beyond the largest number; another command may do the same at the same time."""
    files = list(folder.glob("*.json"))
    if len(files) <= _MOST:
        return
    aged = []
    for path in files:
        with contextlib.suppress(FileNotFoundError):
            aged.append((path.stat().st_mtime, path))
    for _, path in sorted(aged)[:-_MOST]:
        path.unlink(missing_ok=True)
