"""Conformance checks for preprocessors and segmenters."""

from __future__ import annotations

from typing import Any

import numpy as np

from leukokit.api import CELL, NUCLEUS, ImageRejected, Labels, Preprocessor, RGBImage, Segmenter, Status
from leukokit.testing._case import Case, generator, in_threads


def _fitted(case: Case) -> Preprocessor:
    preprocessor: Preprocessor = case.make()
    if preprocessor.needs_fit():
        preprocessor.fit(image for image, _ in case.smears())
    return preprocessor


def _run(component: Any, image: RGBImage) -> Any:
    rng = generator() if component.stochastic else None
    method = component.apply if isinstance(component, Preprocessor) else component.segment
    return method(image, rng=rng)


def _arrays(result: Any) -> list[np.ndarray[Any, Any]]:
    if isinstance(result, Labels):
        return [result.roles[role] for role in sorted(result.roles)]
    return [result]


def _same(first: Any, second: Any) -> bool:
    return all(
        one.dtype == two.dtype and np.array_equal(one, two)
        for one, two in zip(_arrays(first), _arrays(second), strict=True)
    )


def _make(case: Case) -> Any:
    return _fitted(case) if issubclass(case.cls, Preprocessor) else case.make()


def output_is_deterministic(case: Case) -> None:
    """Repeated calls, and two components with the same parameters, give the same bytes."""
    first, second = _make(case), _make(case)
    for image, _ in case.smears():
        results = [_run(first, image), _run(first, image), _run(second, image)]
        assert _same(results[0], results[1]), f"{case.name} gives another result when called again"
        assert _same(results[0], results[2]), f"{case.name} gives another result when it is created again"


def output_is_the_same_in_threads(case: Case) -> None:
    """One component can be used by several threads at once."""
    component = _make(case)
    images = [image for image, _ in case.smears()]
    alone = [_run(component, image) for image in images for _ in range(3)]
    together = in_threads(lambda image: _run(component, image), images)
    assert all(map(_same, alone, together)), f"{case.name} gives other results when threads share it"


def input_is_not_modified(case: Case) -> None:
    """A writable image is not modified, and the result is not a writable view of it."""
    component = _make(case)
    for image, _ in case.smears():
        writable = image.copy()
        result = _run(component, writable)
        assert np.array_equal(writable, image), f"{case.name} modifies its input image"
        for array in _arrays(result):
            writable_view = (
                array.flags.writeable and np.shares_memory(array, writable) and array is not writable
            )
            assert not writable_view, f"{case.name} returns a writable view of its input"


def read_only_input_is_accepted(case: Case) -> None:
    """Read-only images and views with other strides are accepted."""
    component = _make(case)
    for image, _ in case.smears():
        view = np.ascontiguousarray(image[:, ::-1])[:, ::-1]
        view.setflags(write=False)
        assert _same(_run(component, image), _run(component, view)), (
            f"{case.name} gives another result for the same pixels in another memory layout"
        )


def preprocessor_returns_an_rgb_image(case: Case) -> None:
    """A preprocessor returns uint8 H x W x 3, of the same size where ``keeps_shape`` is True."""
    component = _fitted(case)
    for image, _ in case.smears():
        _check_image(case, image, _run(component, image))


def _check_image(case: Case, image: RGBImage, result: Any) -> None:
    assert isinstance(result, np.ndarray), f"{case.name} returns {type(result).__name__}, expected an array"
    assert result.dtype == np.uint8, f"{case.name} returns {result.dtype}, expected uint8"
    assert result.ndim == 3, f"{case.name} returns shape {result.shape}, expected H x W x 3"
    assert result.shape[2] == 3, f"{case.name} returns shape {result.shape}, expected H x W x 3"
    kept = result.shape == image.shape
    assert kept or not case.cls.keeps_shape, (  # type: ignore[attr-defined]
        f"{case.name} has keeps_shape = True and returns {result.shape} for {image.shape}"
    )


def preprocessor_handles_odd_images(case: Case) -> None:
    """Images of one color or a few pixels are processed or raise ImageRejected."""
    component = _fitted(case)
    for image in case.odd_images():
        try:
            result = _run(component, image)
        except ImageRejected:
            continue
        _check_image(case, image, result)


def fitted_state_is_restored(case: Case) -> None:
    """``state`` and ``restore`` transfer the fitted state, as predictions in another process need."""
    first = _fitted(case)
    if not first.needs_fit():
        return
    state = first.state()
    assert state, f"{case.name} needs fit, and its state is empty afterwards"
    for name, value in state.items():
        assert isinstance(value, np.ndarray), f"{case.name}.state()[{name!r}] is not an array"
        assert value.dtype != object, f"{case.name}.state()[{name!r}] holds Python objects, expected numbers"
    second: Preprocessor = case.make()
    second.restore({name: value.copy() for name, value in state.items()})
    for image, _ in case.smears():
        assert _same(_run(first, image), _run(second, image)), (
            f"{case.name} gives another result after restore"
        )


def segmenter_returns_the_promised_roles(case: Case) -> None:
    """A segmenter returns exactly its roles as int32 H x W, and a status that matches them."""
    component: Segmenter = case.make()
    roles = component.roles()
    assert roles, f"{case.name}.roles() is empty"
    assert len(set(roles)) == len(roles), f"{case.name}.roles() repeats a role: {roles}"
    for image, _ in case.smears():
        _check_labels(case, image, _run(component, image), roles)


def segmenter_shares_cell_ids(case: Case) -> None:
    """Each nucleus is inside the cell with the same id."""
    component: Segmenter = case.make()
    if not {NUCLEUS, CELL} <= set(component.roles()):
        return
    for image, _ in case.smears():
        labels = _run(component, image)
        inside = labels.nucleus > 0
        assert np.array_equal(labels.nucleus[inside], labels.cell[inside]), (
            f"{case.name}: a nucleus lies outside the cell of its id"
        )


def segmenter_handles_odd_images(case: Case) -> None:
    """Images without cells give a status that says so or raise ImageRejected."""
    component: Segmenter = case.make()
    for image in case.odd_images():
        try:
            result = _run(component, image)
        except ImageRejected:
            continue
        _check_labels(case, image, result, component.roles())


def _check_labels(case: Case, image: RGBImage, result: Any, roles: tuple[str, ...]) -> None:
    assert isinstance(result, Labels), f"{case.name} returns {type(result).__name__}, expected Labels"
    assert set(result.roles) == set(roles), (
        f"{case.name} returns the roles {sorted(result.roles)}, promised {sorted(roles)}"
    )
    assert isinstance(result.status, Status), f"{case.name} returns the status {result.status!r}"
    for role, array in result.roles.items():
        assert array.dtype == np.int32, f"{case.name}: {role} is {array.dtype}, expected int32"
        assert array.shape == image.shape[:2], (
            f"{case.name}: {role} has shape {array.shape}, expected {image.shape[:2]}"
        )
        assert array.min(initial=0) >= 0, f"{case.name}: {role} has ids below 0"
    if {NUCLEUS, CELL} & set(roles):
        with_cells = result.status in (Status.OK, Status.IMPLAUSIBLE)
        assert with_cells == (result.count > 0), (
            f"{case.name} finds {result.count} cells and says {result.status.value!r}"
        )


_SHARED = (
    output_is_deterministic,
    output_is_the_same_in_threads,
    input_is_not_modified,
    read_only_input_is_accepted,
)
PREPROCESSOR = (
    *_SHARED,
    preprocessor_returns_an_rgb_image,
    preprocessor_handles_odd_images,
    fitted_state_is_restored,
)
SEGMENTER = (
    *_SHARED,
    segmenter_returns_the_promised_roles,
    segmenter_shares_cell_ids,
    segmenter_handles_odd_images,
)
