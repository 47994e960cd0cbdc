"""Settings of the whole process that a component may change, saved before a call and restored after it.

What one component sets for numpy, OpenCV or scikit-learn would change the results of the next one, and which
one is next depends on the number of workers.
"""

from __future__ import annotations

import logging
import os
import random
import sys
import warnings
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import cv2
import numpy as np


class RestoredSettings:
    """Saves the settings of this process, and restores them when the block ends.

    These are: how numpy treats floating-point errors, filters of warnings, the current folder, the random
    numbers of Python and of ``numpy.random``, threads and optimized code of OpenCV, the configuration of
    scikit-learn, and level, handlers and ``disable`` of the root logger. In the block, what is
    printed goes to stderr: stdout belongs to results.
    """

    __slots__ = (
        "_cv2",
        "_errors",
        "_filters",
        "_folder",
        "_logging",
        "_numpy_random",
        "_random",
        "_sklearn",
        "_stdout",
    )

    def __enter__(self) -> Self:
        self._errors = np.errstate()
        self._errors.__enter__()
        self._filters = list(warnings.filters)
        self._folder = _current_folder()
        self._random = random.getstate()
        self._numpy_random: Any = np.random.get_state(legacy=False)  # noqa: NPY002 - kept for those who use it
        self._cv2 = cv2.getNumThreads(), cv2.useOptimized()
        sklearn: Any = sys.modules.get("sklearn")
        self._sklearn = sklearn.get_config() if sklearn is not None else None
        root = logging.getLogger()
        self._logging = root.level, list(root.handlers), root.manager.disable
        self._stdout, sys.stdout = sys.stdout, sys.stderr
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        sys.stdout = self._stdout
        self._restore_logging()
        if self._sklearn is not None and sys.modules["sklearn"].get_config() != self._sklearn:
            sys.modules["sklearn"].set_config(**self._sklearn)
        threads, optimized = self._cv2
        if cv2.getNumThreads() != threads:
            cv2.setNumThreads(threads)
        if cv2.useOptimized() != optimized:
            cv2.setUseOptimized(optimized)
        np.random.set_state(self._numpy_random)  # noqa: NPY002
        random.setstate(self._random)
        if self._folder is not None and _current_folder() != self._folder:
            with suppress(OSError):  # it was removed meanwhile; code that needs it will raise
                os.chdir(self._folder)
        if warnings.filters != self._filters:
            warnings.resetwarnings()  # Python notices the change; an assignment alone would not do
            warnings.filters[:] = self._filters  # type: ignore[index]
        self._errors.__exit__(kind, error, trace)

    def _restore_logging(self) -> None:
        root = logging.getLogger()
        level, handlers, disabled = self._logging
        if root.level != level:
            root.setLevel(level)
        if root.handlers != handlers:
            root.handlers[:] = handlers
        if root.manager.disable != disabled:
            logging.disable(disabled)


def _current_folder() -> str | None:
    try:
        return os.getcwd()  # noqa: PTH109 - a string is enough, a hundred times for each image
    except OSError:
        return None
