"""The seven hooks. Each takes no argument and returns the components that a plugin offers of one kind.

A plugin is a module, named in the entry-point group ``leukokit``, with one or more of these functions. A hook
describes components; the class behind ``target`` is imported only when a recipe uses it. A complete plugin::

    # leukokit_otsu/plugin.py            entry point:  [project.entry-points.leukokit]
    from leukokit.api import ComponentSpec, hookimpl           # otsu = "leukokit_otsu.plugin"

    LEUKOKIT_API = 1

    @hookimpl
    def leukokit_segmenters():
        return [ComponentSpec("otsu", "leukokit_otsu.segmenter:Otsu", "One Otsu threshold on saturation.")]
"""

from __future__ import annotations

from collections.abc import Iterable

import pluggy

from leukokit.api import ComponentSpec, Kind

hookspec = pluggy.HookspecMarker("leukokit")


@hookspec
def leukokit_datasets() -> Iterable[ComponentSpec]:  # type: ignore[empty-body]
    """Offer data sets: samples, labels and named splits.

    ::

        @hookimpl
        def leukokit_datasets():
            return [ComponentSpec("folder", "my_package.folder:Folder", "One folder a class.")]
    """


@hookspec
def leukokit_preprocessors() -> Iterable[ComponentSpec]:  # type: ignore[empty-body]
    """Offer preprocessors: image -> image.

    ::

        @hookimpl
        def leukokit_preprocessors():
            return [ComponentSpec("median", "my_package.median:Median", "Median filter.")]
    """


@hookspec
def leukokit_segmenters() -> Iterable[ComponentSpec]:  # type: ignore[empty-body]
    """Offer segmenters: image -> label images by role.

    ::

        @hookimpl
        def leukokit_segmenters():
            return [ComponentSpec("otsu", "my_package.otsu:Otsu", "One Otsu threshold.")]
    """


@hookspec
def leukokit_feature_extractors() -> Iterable[ComponentSpec]:  # type: ignore[empty-body]
    """Offer feature extractors: image and labels -> named floats.

    ::

        @hookimpl
        def leukokit_feature_extractors():
            return [ComponentSpec("zernike", "my_package.zernike:Zernike", "Zernike moments.")]
    """


@hookspec
def leukokit_selectors() -> Iterable[ComponentSpec]:  # type: ignore[empty-body]
    """Offer selectors: fewer columns, fitted on the training table.

    ::

        @hookimpl
        def leukokit_selectors():
            return [ComponentSpec("relief", "my_package.relief:Relief", "ReliefF weights.")]
    """


@hookspec
def leukokit_classifiers() -> Iterable[ComponentSpec]:  # type: ignore[empty-body]
    """Offer classifiers: examples -> fitted model.

    ::

        @hookimpl
        def leukokit_classifiers():
            return [ComponentSpec("ridge", "my_package.ridge:Ridge", "Ridge classifier.")]
    """


@hookspec
def leukokit_explainers() -> Iterable[ComponentSpec]:  # type: ignore[empty-body]
    """Offer explainers: fitted model -> importances or heat maps.

    ::

        @hookimpl
        def leukokit_explainers():
            return [ComponentSpec("shap", "my_package.shap_values:Shap", "Shapley values.")]
    """


KIND_OF_HOOK: dict[str, Kind] = {
    "leukokit_datasets": Kind.DATASET,
    "leukokit_preprocessors": Kind.PREPROCESSOR,
    "leukokit_segmenters": Kind.SEGMENTER,
    "leukokit_feature_extractors": Kind.FEATURE_EXTRACTOR,
    "leukokit_selectors": Kind.SELECTOR,
    "leukokit_classifiers": Kind.CLASSIFIER,
    "leukokit_explainers": Kind.EXPLAINER,
}
"""The kind of component comes from the hook that offered it."""
