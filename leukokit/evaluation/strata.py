"""Classes as strata: groups (patients, slides) are drawn class by class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leukokit.number_text import counted, joined

FEWEST_OF_CLASS = 3
"""Groups of a class below which no interval is given: simulated ones do not hold what they promise."""

CANNOT_TELL = "cannot tell"
"""First words of the reason why there is no interval."""

_NEEDED = f"{FEWEST_OF_CLASS} of each class are needed"


@dataclass(frozen=True)
class Strata:
    """Classes of the samples and of their groups: groups are drawn class by class.

    Attributes
    ----------
    names : tuple of str (k,)
        Names of the classes.
    sizes : int array (k,)
        Groups with samples of each class, in the whole part.
    of_samples : int array (n,)
        Class number of each sample.
    of_groups : int array (count,) or None
        Class number of each group; None where a group of the part has samples of several classes.
    whole : int
        Groups of the whole part.
    """

    names: tuple[str, ...]
    sizes: NDArray[np.intp]
    of_samples: NDArray[np.intp]
    of_groups: NDArray[np.intp] | None
    whole: int

    @classmethod
    def of(cls, codes: NDArray[np.intp], count: int, classes: Sequence[str] | NDArray[np.str_]) -> Strata:
        """Find the class of each group."""
        names, of_samples = np.unique(np.asarray(classes), return_inverse=True)
        pairs = np.unique(np.stack([codes, of_samples], axis=1), axis=0)
        sizes = np.bincount(pairs[:, 1], minlength=len(names))
        pure = len(pairs) == count
        return cls(
            tuple(str(name) for name in names), sizes, of_samples, pairs[:, 1] if pure else None, count
        )

    def rows(self, rows: NDArray[np.bool_], kept: NDArray[np.intp]) -> Strata:
        """Return those of a subset of the samples, whose groups are ``kept``."""
        of_groups = None if self.of_groups is None else self.of_groups[kept]
        return Strata(self.names, self.sizes, self.of_samples[rows], of_groups, self.whole)

    @property
    def unknown(self) -> str:
        """Why these samples cannot tell an interval; empty where they can."""
        if self.whole < FEWEST_OF_CLASS:
            return f"{CANNOT_TELL}: {counted(self.whole, 'group')} (patients, slides); {_NEEDED}"
        present = np.unique(self.of_samples)
        if self.of_groups is None and len(present) > 1:
            return ""  # a group has several classes: groups are drawn from all, and there are enough of them
        return self.unknown_of(present)

    def unknown_of(self, present: NDArray[np.intp]) -> str:
        """Why a score of these classes cannot have an interval; empty where it can."""
        few = [number for number in present if self.sizes[number] < FEWEST_OF_CLASS]
        if not few:
            return ""
        said = joined(
            [f"{counted(int(self.sizes[number]), 'group')} of {self.names[number]}" for number in few], "and"
        )
        return f"{CANNOT_TELL}: {said} (patients, slides); {_NEEDED}"
