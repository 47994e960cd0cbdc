"""Results of table steps, as a fitted model: folders that appear by a rename.

Each folder lists the digests of its files; one whose files differ from them is not used, with a warning, and
computed again.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from time import time

from leukokit.engine.cache.entry import Entry

_MANIFEST = "manifest.json"
_DRAFT = ".draft-"
_ABANDONED = 24 * 3600.0
"""Age in seconds of a draft that nobody writes any more: copying a model takes seconds."""


class Folders:
    """Folders by key.

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

    def get(self, key: str) -> Path | None:
        """Folder kept under ``key``, if whole."""
        folder = self._path(key)
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

    def put(self, key: str, title: str, source: Path) -> bool:
        """Keep a copy of the files of ``source`` under ``key``; False, with a warning, where that failed."""
        target = self._path(key)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            _remove_drafts(target.parent)
            draft = Path(tempfile.mkdtemp(prefix=_DRAFT, dir=target.parent))
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

    def entries(self) -> list[Entry]:
        """Each folder, in no order."""
        return [_entry(path.parent) for path in self._root.glob(f"*/*/{_MANIFEST}")]

    def problem(self, entry: Entry) -> str:
        """Read all files of a folder, and say whether they are damaged; empty if they are not."""
        said: list[str] = []
        whole = Folders(self._root, said.append).get(entry.key) is not None
        return "" if whole else "; ".join(said) or "it is gone"

    def remove(self, entry: Entry) -> bool:
        """Remove a folder; True."""
        shutil.rmtree(entry.path)
        return True

    def _path(self, key: str) -> Path:
        return self._root / key[:2] / key


def _remove_drafts(folder: Path) -> None:
    """Remove what a process that was killed while it copied has left here."""
    for path in folder.glob(f"{_DRAFT}*"):
        if time() - path.stat().st_mtime > _ABANDONED:
            shutil.rmtree(path, ignore_errors=True)


def _file_digest(path: Path) -> str:
    return hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest()


def _entry(folder: Path) -> Entry:
    try:
        title = str(json.loads((folder / _MANIFEST).read_text())["title"])
    except (OSError, ValueError, KeyError):
        title = "unreadable"
    files = [path for path in folder.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files)
    return Entry(folder.name, "tables", title, len(files) - 1, size, folder.stat().st_mtime, folder)
