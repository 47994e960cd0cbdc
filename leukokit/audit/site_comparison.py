"""Compare a second data set with the first: a new site, a new scanner, a test set."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from leukokit.api import FloatArray
from leukokit.audit.audit_input import AuditInput
from leukokit.audit.checks.sharpness import relative_blur
from leukokit.audit.checks.sites import Site, sites_unlike
from leukokit.audit.findings import CheckFinding, Limit
from leukokit.audit.measure import MeasuredImages, measure
from leukokit.audit.run import Audit, AuditOptions, scales_of
from leukokit.engine.cache.store import Store
from leukokit.engine.data import open_data
from leukokit.engine.observer import Observer
from leukokit.recipe import Recipe
from leukokit.smear.pool import SURE

_STAIN = ("glass L", "glass a", "glass b", "red cells L", "red cells a", "red cells b")
_LOGS = ("scale_unlike", "sharpness_unlike")
_CONTENT = ("glass, share of area", "red cells, share of area", "spread of lightness")


@dataclass(frozen=True)
class _Measured:
    """A data set and what was measured of it."""

    audit_input: AuditInput
    images: MeasuredImages
    red_cells_px: FloatArray


def compare_sites(a: Recipe, b: Recipe, options: AuditOptions, observer: Observer | None = None) -> Audit:
    """Ask whether the images of B are like those of A.

    Parameters
    ----------
    a, b : Recipe
        Only ``data`` is needed.
    options : AuditOptions
    observer : Observer, optional

    Returns
    -------
    Audit
        Of B; its findings compare it with A: stain, scale, sharpness and content.

    Raises
    ------
    DataError
        Where a data set is missing or empty.
    """
    observer = observer or Observer()
    store = Store(options.cache, observer.warn, options.said) if options.cache is not None else None
    first, second = (_measured(recipe, options, store, observer) for recipe in (a, b))
    data = second.audit_input.data
    return Audit(
        images=len(data.items),
        synthetic=data.stamp is not None or first.audit_input.data.stamp is not None,
        split=None,
        model=None,
        findings=tuple(sorted(_findings(first, second), key=lambda finding: -finding.level.rank)),
        probes=(),
        settings=a.model.audit.model_dump(mode="json"),
        readable={item.sample.id: item for item in second.images.items},
        audit_input=second.audit_input,
    )


def _measured(recipe: Recipe, options: AuditOptions, store: Store | None, observer: Observer) -> _Measured:
    executor = options.executor
    data = open_data(recipe, executor=executor, observer=observer, conflicts=True)
    audit_input = AuditInput(recipe, data, (), "", None, None)
    images = measure(
        data.dataset, data.items, audit_input.reading, store=store, executor=executor, observer=observer
    )
    table = scales_of(audit_input, images.items, store=store, executor=executor, observer=observer)
    sure = table["measured_confidence"] >= SURE
    diameters = table["measured_px"].where(sure).set_axis(table["id"])
    ids = [item.sample.id for item in images.items]
    return _Measured(audit_input, images, diameters.loc[ids].to_numpy(dtype=np.float64))


def _findings(a: _Measured, b: _Measured) -> list[CheckFinding]:
    limits = a.audit_input.recipe.model.audit.site_unlike
    limit = Limit(limits.warn, limits.fail)
    values_a, values_b = _values(a), _values(b)
    _same_unit(a, b, values_a, values_b)
    return [
        sites_unlike(
            check,
            names,
            _site(a, values_a[check]),
            _site(b, values_b[check]),
            limit,
            advice,
            logs=check in _LOGS,
        )
        for check, names, advice in _PROPERTIES
    ]


_PROPERTIES = (
    (
        "stain_unlike",
        _STAIN,
        "A model of A sees colors in B that it was not trained on: normalize the stain (preprocess: "
        "reinhard), and report its score on B by itself.",
    ),
    (
        "scale_unlike",
        ("diameter of red cells, px",),
        "Cells have another size in px: bring both to one scale (data.scale), or measure lengths in red-cell "
        "diameters.",
    ),
    (
        "sharpness_unlike",
        ("width of edges",),
        "Images of B are sharper or softer: texture features and networks depend on it. Take images with the "
        "same focus and export, or train with blurred images, too.",
    ),
    (
        "content_unlike",
        _CONTENT,
        "Images of B show more or fewer cells: another cut-out, field or part of the smear. Compare "
        "like with like.",
    ),
)


def _values(measured: _Measured) -> dict[str, FloatArray]:
    """Columns of each property."""
    images = measured.images
    glass, red_cells = images.glass, images.red_cells
    shown = (red_cells[:, 6] > 0)[:, np.newaxis]
    blur, _ = relative_blur(images.blur, measured.red_cells_px)
    return {
        "stain_unlike": np.column_stack([glass[:, :3], np.where(shown, red_cells[:, :3], np.nan)]),
        "scale_unlike": np.log(measured.red_cells_px)[:, np.newaxis],
        "sharpness_unlike": np.log(blur)[:, np.newaxis],
        "content_unlike": np.column_stack([glass[:, 6], red_cells[:, 6], images.color[:, 3]]),
    }


def _same_unit(
    a: _Measured, b: _Measured, values_a: dict[str, FloatArray], values_b: dict[str, FloatArray]
) -> None:
    """Compare blur in px where one of both sets shows too few red cells."""
    units = {relative_blur(site.images.blur, site.red_cells_px)[1] for site in (a, b)}
    if len(units) > 1:
        for site, values in ((a, values_a), (b, values_b)):
            values["sharpness_unlike"] = np.log(site.images.blur)[:, np.newaxis]


def _site(measured: _Measured, values: FloatArray) -> Site:
    samples = [item.sample for item in measured.images.items]
    return Site(
        values,
        np.array([sample.label or "" for sample in samples], dtype=np.str_),
        np.array([sample.group or sample.id for sample in samples], dtype=np.str_),
        np.array([sample.id for sample in samples], dtype=np.str_),
    )
