"""Conformance checks for feature extractors."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from leukokit.api import CELL, FeatureExtractor, ImageRejected, Labels, Planes, RGBImage, Status
from leukokit.testing._case import Case, in_threads
from leukokit.testing.images import no_cells


def _with_roles(extractor: FeatureExtractor, labels: Labels) -> Labels:
    """Add a label image for each role that the extractor reads, also for roles that a plugin defines."""
    read = {role: labels.roles.get(role, labels.roles[CELL]) for role in extractor.roles()}
    return Labels(roles={**labels.roles, **read}, status=labels.status)


def _extract(extractor: FeatureExtractor, image: RGBImage, labels: Labels) -> Mapping[str, float]:
    return extractor.extract(Planes(image), _with_roles(extractor, labels))


def _equal(first: Mapping[str, float], second: Mapping[str, float]) -> bool:
    return list(first) == list(second) and np.array_equal(
        np.array(list(first.values())), np.array(list(second.values())), equal_nan=True
    )


def feature_names_are_fixed(case: Case) -> None:
    """Names are known before the first image, are unique, and depend on the parameters only."""
    names = case.make().names()
    assert isinstance(names, tuple), f"{case.name}.names() returns {type(names).__name__}, expected tuple"
    assert names, f"{case.name}.names() is empty"
    assert all(isinstance(name, str) and name for name in names), f"{case.name}: names must be text"
    repeated = sorted({name for name in names if names.count(name) > 1})
    assert not repeated, f"{case.name} repeats the names {repeated}"
    extractor = case.make()
    image, labels = case.smears()[0]
    _extract(extractor, image, labels)
    assert extractor.names() == names, f"{case.name}: names change after the first image"


def nullable_names_are_feature_names(case: Case) -> None:
    """``nullable`` is a subset of ``names``."""
    extractor = case.make()
    unknown = sorted(extractor.nullable() - set(extractor.names()))
    assert not unknown, f"{case.name}: nullable names that are not in names(): {unknown}"


def values_have_the_feature_names(case: Case) -> None:
    """``extract`` returns exactly the names of ``names``, each with a number."""
    extractor = case.make()
    for image, labels in case.smears():
        _check_values(case, extractor, _extract(extractor, image, labels), labels)


def _check_values(
    case: Case, extractor: FeatureExtractor, values: Mapping[str, float], labels: Labels
) -> None:
    assert set(values) == set(extractor.names()), (
        f"{case.name} gives other keys than its names: {sorted(set(values) ^ set(extractor.names()))[:5]}"
    )
    nan_allowed = bool(extractor.roles()) and labels.status is not Status.OK
    for name, value in values.items():
        assert np.ndim(value) == 0, f"{case.name}: {name} is not a single number"
        number = float(value)
        assert not np.isinf(number), f"{case.name}: {name} is infinite"
        assert not np.isnan(number) or nan_allowed or name in extractor.nullable(), (
            f"{case.name}: {name} is NaN; if that is intended, add it to nullable()"
        )


def missing_cells_are_declared(case: Case) -> None:
    """Without cells, features of cells are NaN or a number, and no error is raised."""
    extractor = case.make()
    for image, _ in case.smears():
        labels = no_cells(image)
        _check_values(case, extractor, _extract(extractor, image, labels), labels)


def labels_are_optional_without_roles(case: Case) -> None:
    """An extractor that reads no roles works without segmentation."""
    extractor = case.make()
    if extractor.roles():
        return
    for image, labels in case.smears():
        without_labels = extractor.extract(Planes(image))
        assert set(without_labels) == set(extractor.names()), f"{case.name} gives other keys without labels"
        assert _equal(without_labels, _extract(extractor, image, labels)), (
            f"{case.name} reads labels although roles() is empty"
        )


def extractor_handles_odd_images(case: Case) -> None:
    """Images of one color or a few pixels give features or raise ImageRejected."""
    extractor = case.make()
    for image in case.odd_images():
        labels = no_cells(image)
        try:
            values = _extract(extractor, image, labels)
        except ImageRejected:
            continue
        _check_values(case, extractor, values, labels)


def features_are_deterministic(case: Case) -> None:
    """The same image gives the same numbers, in one thread or several."""
    first, second = case.make(), case.make()
    smears = case.smears()
    alone = [_extract(first, *smear) for smear in smears for _ in range(3)]
    again = [_extract(second, *smear) for smear in smears for _ in range(3)]
    assert all(map(_equal, alone, again)), f"{case.name} gives other numbers when built again"
    together = in_threads(lambda smear: _extract(first, *smear), smears)
    assert all(map(_equal, alone, together)), f"{case.name} gives other numbers when threads share it"


def extractor_does_not_modify_input(case: Case) -> None:
    """Image and labels are left as they were, even where they could be written."""
    extractor = case.make()
    for image, labels in case.smears():
        mine = image.copy()
        my_labels = Labels({role: array.copy() for role, array in labels.roles.items()}, labels.status)
        _extract(extractor, mine, my_labels)
        assert np.array_equal(mine, image), f"{case.name} writes into the image it is given"
        for role, array in labels.roles.items():
            assert np.array_equal(my_labels.roles[role], array), f"{case.name} writes into the labels {role}"


CHECKS = (
    feature_names_are_fixed,
    nullable_names_are_feature_names,
    values_have_the_feature_names,
    missing_cells_are_declared,
    labels_are_optional_without_roles,
    extractor_handles_odd_images,
    features_are_deterministic,
    extractor_does_not_modify_input,
)
