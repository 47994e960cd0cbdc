"""Results of table steps, such as a fitted model: folders that appear by a rename.

Each folder lists the digests of its files. If the files differ from them, the user is warned, and the results
are computed again.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import stat
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from time import time

from leukokit.engine.cache.entry import Entry
from leukokit.engine.cache.faults import Fault, Faults, is_absent, is_file, is_folder, set_aside
from leukokit.input_file import read_input

_MANIFEST = "manifest.json"
_DRAFT = ".draft-"
_ABANDONED = 24 * 3600.0
"""Age in seconds from which a draft counts as left over: copying a model takes seconds."""


class Folders:
    """Folders by key.

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

    def get(self, key: str) -> Path | None:
        """Folder kept under ``key``, if it is undamaged."""
        folder = self._path(key)
        if is_absent(folder):
            return None
        try:
            _, listed = _manifest(folder)
            whole = _holds(folder, listed)
        except (OSError, ValueError) as error:
            self._faults.report(
                Fault.UNREADABLE,
                f"cache folder {folder} cannot be read ({error}); its results are computed again",
            )
            return None
        if not whole:
            self._faults.report(
                Fault.DAMAGED, f"cache folder {folder} is damaged; its results are computed again"
            )
            return None
        return folder

    def put(self, key: str, title: str, source: Path) -> bool:
        """Keep a copy of the files of ``source`` under ``key``; False, with a warning, where that failed."""
        target = self._path(key)
        listed: dict[str, str] = {}
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            _remove_drafts(target.parent)
            draft = Path(tempfile.mkdtemp(prefix=_DRAFT, dir=target.parent))
            try:
                shutil.copytree(source, draft, dirs_exist_ok=True)
                files = sorted(path for path in draft.rglob("*") if path.is_file())
                listed = {path.relative_to(draft).as_posix(): _file_digest(path) for path in files}
                (draft / _MANIFEST).write_text(json.dumps({"title": title, "files": listed}))
                if _is_kept(target, listed):
                    return True  # by another process, which may be reading it now
                _make_room(target)
                draft.rename(target)
            finally:
                shutil.rmtree(draft, ignore_errors=True)
        except OSError as error:
            if _is_kept(target, listed):
                return True  # another process was quicker
            self._writing.report(
                Fault.NOT_WRITABLE,
                f"cache folder {target} cannot be written ({error}); this run's results are not kept there",
            )
            return False
        return True

    def entries(self) -> list[Entry]:
        """Each folder, in no order."""
        return [_entry(path.parent) for path in self._root.glob(f"*/*/{_MANIFEST}")]

    def problem(self, entry: Entry) -> str:
        """Read all files of a folder, and say whether they are damaged; empty if they are not."""
        said: list[str] = []
        whole = Folders(self._root, Faults(said.append), self._writing).get(entry.key) is not None
        return "" if whole else "; ".join(said) or "it was removed"

    def remove(self, entry: Entry) -> bool:
        """Remove a folder; True."""
        shutil.rmtree(entry.path)
        return True

    def _path(self, key: str) -> Path:
        return self._root / key[:2] / key


def _remove_drafts(folder: Path) -> None:
    """Remove the drafts of processes that were killed while they copied."""
    for path in folder.glob(f"{_DRAFT}*"):
        with suppress(FileNotFoundError):  # its process is done with it
            if time() - path.stat().st_mtime > _ABANDONED:
                shutil.rmtree(path, ignore_errors=True)


def _holds(folder: Path, listed: Mapping[str, str]) -> bool:
    """Whether the folder holds the listed files, unchanged, and no others.

    Raises
    ------
    OSError
        Where a file cannot be read.
    """
    return _file_names(folder) == {_MANIFEST, *listed} and all(
        _file_digest(folder / name) == expected for name, expected in listed.items()
    )


def _is_kept(folder: Path, listed: Mapping[str, str]) -> bool:
    """Whether the folder is whole and holds just these files."""
    try:
        return _manifest(folder)[1] == listed and _holds(folder, listed)
    except (OSError, ValueError):
        return False


def _make_room(target: Path) -> None:
    """Remove an older folder of this key; anything that is not a folder is set aside."""
    try:
        mode = target.lstat().st_mode
    except FileNotFoundError:
        return
    if stat.S_ISDIR(mode):
        shutil.rmtree(target)
    else:
        set_aside(target)


def _manifest(folder: Path) -> tuple[str, Mapping[str, str]]:
    """Title and digests by file name.

    Raises
    ------
    OSError
        Where it cannot be read, or is not a regular file.
    ValueError
        Where the file is not a manifest.
    """
    manifest = json.loads(read_input(folder / _MANIFEST))
    if not isinstance(manifest, dict) or not isinstance(manifest.get("files"), dict):
        raise ValueError(f"{_MANIFEST} does not list files")
    return str(manifest.get("title")), manifest["files"]


def _file_names(folder: Path) -> set[str]:
    """Names of all regular files, as a manifest lists them.

    Raises
    ------
    ValueError
        Where something is neither a file nor a folder: reading a named pipe would wait without end.
    """
    names = set()
    for path in folder.rglob("*"):
        if is_file(path):
            names.add(path.relative_to(folder).as_posix())
        elif not is_folder(path):
            raise ValueError(f"{path.name} is neither a file nor a folder")
    return names


def _file_digest(path: Path) -> str:
    return hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest()


def _entry(folder: Path) -> Entry:
    try:
        title, _ = _manifest(folder)
    except (OSError, ValueError):
        title = "unreadable"
    files = [path for path in folder.rglob("*") if is_file(path)]
    size = sum(path.stat().st_size for path in files)
    return Entry(folder.name, "tables", title, len(files) - 1, size, folder.stat().st_mtime, folder)
