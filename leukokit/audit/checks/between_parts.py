"""A number of each image, compared between the classes and between the parts of the split."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leukokit.api import FloatArray
from leukokit.audit.checks.association import Association, variance_between
from leukokit.audit.findings import AuditLevel, CheckTable, Limit, TableCell

_NONE = Association(0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Images:
    """Class, part and group of each image.

    Attributes
    ----------
    labels, groups : str array (n,)
    parts : str array (n,)
        Empty for an image in no part.
    """

    labels: NDArray[np.str_]
    groups: NDArray[np.str_]
    parts: NDArray[np.str_]

    def kept(self, rows: NDArray[np.bool_]) -> Images:
        """Return these rows only."""
        return Images(self.labels[rows], self.groups[rows], self.parts[rows])


@dataclass(frozen=True, slots=True)
class Difference:
    """How a number differs between classes and parts.

    Attributes
    ----------
    where : str
        ``classes`` or ``parts``: between which it differs more.
    association : Association
        Of the number with these.
    gap : float
        Largest less smallest median.
    low, high : str
        The class or part with the smallest and the largest median.
    table : CheckTable
        One row for each class and part.
    """

    where: str
    association: Association
    gap: float
    low: str
    high: str
    table: CheckTable

    def level(self, limit: Limit, least: float) -> AuditLevel:
        """Return the level of the difference; ok where the medians are less than ``least`` apart."""
        return self.association.level(limit) if self.gap >= least else AuditLevel.OK


def difference(values: FloatArray, images: Images, shown: FloatArray, name: str, *, seed: int) -> Difference:
    """Compare a number between the classes, and between the parts of the split.

    Parameters
    ----------
    values : float64 array (n,)
        On a scale on which differences count, such as a logarithm.
    images : Images
    shown : float64 array (n,)
        The same in the unit of the table.
    name : str
        Column of the table.
    seed : int
    """
    found = []
    rows: list[tuple[TableCell, ...]] = []
    for where, names in (("classes", images.labels), ("parts", images.parts)):
        inside = names != ""
        kinds = np.unique(names[inside])
        for kind in kinds:
            own = shown[names == kind]
            low, middle, high = np.quantile(own, [0.1, 0.5, 0.9])
            rows.append((str(kind), len(own), *(float(f"{value:.3g}") for value in (middle, low, high))))
        if len(kinds) < 2:
            continue
        column, groups = values[inside, np.newaxis], images.groups[inside].tolist()
        association = variance_between(column, names[inside].tolist(), groups, seed=seed)
        medians = {str(kind): float(np.median(values[names == kind])) for kind in kinds}
        low_kind, high_kind = min(medians, key=medians.__getitem__), max(medians, key=medians.__getitem__)
        found.append((where, association, medians[high_kind] - medians[low_kind], low_kind, high_kind))
    table = CheckTable(("class or part", "images", name, "10th percentile", "90th percentile"), tuple(rows))
    if not found:
        return Difference("classes", _NONE, 0.0, "", "", table)
    best = max(found, key=lambda item: (item[1].significant, item[1].effect))
    return Difference(*best, table)
