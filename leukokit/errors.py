"""Errors that say what is wrong, where, what was expected and what to do next.

Every error carries the exit code that the command line ends with. Nothing here imports more than the
standard library: the light commands raise these too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

EXIT_DONE = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_TOO_MANY_REJECTED = 3
EXIT_INTERRUPTED = 130


class LeukokitError(Exception):
    """Base of every error that leukokit raises on purpose.

    Parameters
    ----------
    what : str
        What is wrong, in one sentence without a full stop.
    where : str, optional
        File, recipe position, image or component that the error is about.
    hint : str, optional
        What to do next.
    """

    exit_code = EXIT_FAILED

    def __init__(self, what: str, *, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(what, where, hint)
        self.what = what
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        return f"{text}. {self.hint}" if self.hint else text

    def __reduce__(self) -> tuple[object, ...]:
        # Errors cross process borders; keyword arguments do not survive Exception's default reduction.
        return (_rebuild, (type(self), self.what, self.where, self.hint))


def _rebuild(cls: type[LeukokitError], what: str, where: str | None, hint: str | None) -> LeukokitError:
    return cls(what, where=where, hint=hint)


class UsageError(LeukokitError):
    """The command or call was used in a way that cannot work (exit code 2)."""

    exit_code = EXIT_USAGE


class RunFailed(LeukokitError):
    """The run started and could not be finished (exit code 1)."""


class DataError(UsageError):
    """A data set is missing, empty or contradicts itself (exit code 2)."""


class PluginError(LeukokitError):
    """A plugin broke its contract: raised, returned a wrong shape, or needs a package that is absent."""


class CatalogError(UsageError):
    """A component is unknown, broken or offered twice (exit code 2)."""


class MissingPackageError(CatalogError):
    """A component needs a package that is not installed; the message says how to install it (exit code 2)."""


class ImageRejected(LeukokitError):
    """One image cannot be used; the run records it in ``rejected.csv`` and goes on.

    Parameters
    ----------
    reason : str
        A short code: ``empty``, ``not_an_image``, ``damaged``, ``unsupported``, ``bit_depth``,
        ``too_small``, ``too_large``, ``unreadable``, ``multi_page``, or a plugin's own.
    detail : str, optional
        The sentence shown beside the code.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self), (self.reason, self.detail))


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a recipe.

    Attributes
    ----------
    path : str
        Dotted path inside the recipe, such as ``segment.params.clusters``; empty for the whole file.
    message : str
        What is wrong and what was expected.
    source : str
        File name, or ``--set key`` for a value given on the command line.
    line, column : int or None
        Position in the file, counted from 1; None where the value does not come from a file.
    """

    path: str
    message: str
    source: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        place = self.source if self.line is None else f"{self.source}:{self.line}:{self.column}"
        return f"{place}: {self.path}: {self.message}" if self.path else f"{place}: {self.message}"


class RecipeError(UsageError):
    """A recipe has mistakes; all that could be found in one pass are in ``problems``."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self), (self.problems,))
