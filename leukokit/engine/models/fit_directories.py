"""Where a long fit keeps what must survive a kill, and where its logs and pictures go."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from filelock import Timeout

from leukokit.engine.cache.store import Store
from leukokit.engine.observer import Forwarding, Observer
from leukokit.process.scratch import scratch_folder

_KEY = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class FitFolders:
    """Folders of one fold's fit in the run directory.

    Attributes
    ----------
    artifacts : Path
        ``training/``: logs and pictures, there as soon as the classifier writes them.
    checkpoints : Path
        Used only where the cache cannot hold checkpoints; each fit has a folder of its own below.
    """

    artifacts: Path
    checkpoints: Path


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """A folder for checkpoints.

    Attributes
    ----------
    path : Path
        As the last try left it.
    forget : callable
        To be called once the results are kept. Does nothing where the folder is not in the cache: a run
        without one, killed in its second fold, finds the first one's last checkpoint.
    """

    path: Path
    forget: Callable[[], None] = lambda: None


@contextmanager
def checkpoint_folder(
    key: str, title: str, *, store: Store | None, elsewhere: Path, observer: Observer
) -> Iterator[Checkpoints]:
    """Give the folder in which the fit of ``key`` finds what an interrupted one left.

    Parameters
    ----------
    key : str
        Key of the model: what is found there belongs to this very recipe, data and seed.
    title : str
        For people who look at the cache.
    store : Store or None
        Holds the folder, locked meanwhile.
    elsewhere : Path
        Holds it where there is no cache or none that can be written to.
    """
    with ExitStack() as stack:
        yield _open(stack, key, title, store, elsewhere, observer)


def _open(
    stack: ExitStack, key: str, title: str, store: Store | None, elsewhere: Path, observer: Observer
) -> Checkpoints:
    if store is not None:
        try:
            folder = stack.enter_context(store.unfinished(key, title))
            return Checkpoints(folder, partial(store.forget_unfinished, key))
        except Timeout:
            observer.say(
                f"another run is fitting the same {title}; this one keeps its checkpoints to itself "
                "and cannot be resumed"
            )
            return Checkpoints(stack.enter_context(scratch_folder()))
        except OSError as error:
            store.report_no_checkpoints(
                f"the cache cannot hold checkpoints ({error}); they are in {elsewhere}"
            )
    folder = elsewhere / key
    folder.mkdir(parents=True, exist_ok=True)
    return Checkpoints(folder)


def forget_checkpoints(elsewhere: Path) -> None:
    """Remove what ``checkpoint_folder`` made below ``elsewhere``, and nothing else."""
    if not elsewhere.is_dir() or elsewhere.is_symlink():
        return
    for folder in elsewhere.iterdir():
        if _KEY.fullmatch(folder.name) and folder.is_dir() and not folder.is_symlink():
            shutil.rmtree(folder, ignore_errors=True)
    with suppress(OSError):  # someone else's files are in it: a run directory may be any folder
        elsewhere.rmdir()


@contextmanager
def gathered(artifacts: Path, target: Path) -> Iterator[None]:
    """Copy to ``target`` what the block writes into ``artifacts``, once it has ended well.

    A run directory may be any folder: files that were there before and were not touched are not ours.
    """
    before = _listing(artifacts)
    artifacts.mkdir(parents=True, exist_ok=True)
    try:
        yield
        for path, state in _listing(artifacts).items():
            if before.get(path) != state:
                copy = target / path.relative_to(artifacts)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, copy)
    finally:
        with suppress(OSError):  # most fits write nothing; a folder that holds something is not removed
            artifacts.rmdir()
            artifacts.parent.rmdir()


def _listing(folder: Path) -> Mapping[Path, tuple[int, int]]:
    states = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            state = path.stat()
            states[path] = (state.st_mtime_ns, state.st_size)
    return states


class FitProgress(Forwarding):
    """Passes on what a fit tells, and remembers whether it has stages of its own."""

    staged = False

    def stage(self, name: str, total: int) -> None:
        """Pass on, and remember."""
        self.staged = True
        super().stage(name, total)
