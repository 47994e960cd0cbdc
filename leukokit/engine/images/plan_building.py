"""From a recipe to the image plan of one fold; preprocessors that learn see the fold's training part only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from numpy.typing import NDArray

from leukokit.api import Component, Dataset, Preprocessor, RGBImage
from leukokit.engine.cache.identity import identity
from leukokit.engine.cache.keys import digest, library_versions, state_digest
from leukokit.engine.cache.memo import memo
from leukokit.engine.cache.serialization import Codec, arrays_from_bytes, arrays_to_bytes
from leukokit.engine.cache.store import Store
from leukokit.engine.images.components import ImageComponents
from leukokit.engine.images.plan import ImagePlan, ImageStep, Item, Stage
from leukokit.engine.images.work import images_of
from leukokit.engine.observer import Observer
from leukokit.errors import RunFailed
from leukokit.recipe import Bound, Recipe

_STATE: Codec[Mapping[str, NDArray[Any]]] = Codec(arrays_to_bytes, arrays_from_bytes, "state.npz")


def fits_preprocessing(recipe: Recipe) -> bool:
    """Whether some preprocessor learns from the training part, so that folds differ in their images."""
    return any(bound.component.needs_fit() for bound in recipe.preprocess)


def image_plan(
    recipe: Recipe,
    dataset: Dataset,
    training: Sequence[Item],
    *,
    store: Store | None,
    has_truth: bool,
    observer: Observer,
) -> ImagePlan:
    """Build the plan of one fold.

    Parameters
    ----------
    training : sequence of Item
        The fold's training part; only looked at where a preprocessor learns.
    has_truth : bool
        Whether the data set has ground-truth masks.
    """

    def ready(bound: Bound[Preprocessor], upstream: str, before: ImagePlan) -> Preprocessor:
        if bound.component.needs_fit():
            return _fitted(bound, upstream, training, before, observer)
        return bound.component

    scored = recipe.segment is not None and has_truth
    return _plan(ImageComponents.of(recipe), dataset, store=store, score_masks=scored, ready=ready)


def fitted_plan(components: ImageComponents, dataset: Dataset, *, store: Store | None) -> ImagePlan:
    """Build the plan of components that have learnt all they need; nothing is fitted.

    Keys are those of the plan that they were fitted in: each finds the other's results in the cache.

    Parameters
    ----------
    dataset : Dataset
        Renders the samples that have no file.
    """
    return _plan(components, dataset, store=store, score_masks=False, ready=lambda bound, *_: bound.component)


def _plan(
    components: ImageComponents,
    dataset: Dataset,
    *,
    store: Store | None,
    score_masks: bool,
    ready: Callable[[Bound[Preprocessor], str, ImagePlan], Preprocessor],
) -> ImagePlan:
    """Chain the steps; ``ready`` gives a preprocessor as it is applied, from its key and the plan so far."""
    reads_roles = any(bound.component.roles() for bound in components.features)
    plan = ImagePlan(
        dataset=dataset,
        reading=components.reading,
        preprocess=(),
        segment=None,
        features=(),
        seed=components.seed,
        keep_labels=components.segment is not None and not reads_roles,
        score_masks=score_masks,
        store=store,
    )
    pixels = digest("pixels", components.reading.key(), library_versions())
    upstream, seeded, scaled = pixels, False, False
    for bound in components.preprocess:
        component = ready(bound, upstream, plan)
        seeded |= component.stochastic
        scaled |= component.uses_scale
        upstream = _key(bound, upstream, component.state())
        step = ImageStep(bound.step, Stage.PREPROCESS, component, upstream, seeded, scaled)
        plan = replace(plan, preprocess=(*plan.preprocess, step))
    labels = upstream
    if components.segment is not None:
        segmenter = components.segment.component
        labels = _key(components.segment, upstream)
        step = ImageStep(
            components.segment.step,
            Stage.SEGMENT,
            segmenter,
            labels,
            seeded or segmenter.stochastic,
            scaled or segmenter.uses_scale,
        )
        plan = replace(plan, segment=step)
    for taken in components.features:
        extractor = taken.component
        takes_labels = plan.segment if extractor.roles() else None
        step = ImageStep(
            taken.step,
            Stage.FEATURES,
            extractor,
            _key(taken, labels if extractor.roles() else upstream),
            (takes_labels.seeded if takes_labels else seeded) or extractor.stochastic,
            (takes_labels.scaled if takes_labels else scaled) or extractor.uses_scale,
        )
        plan = replace(plan, features=(*plan.features, step))
    return plan


def _key(bound: Bound[Component], upstream: str, state: Mapping[str, NDArray[Any]] | None = None) -> str:
    return digest(identity(bound), upstream, state_digest(state or {}))


def _fitted(
    bound: Bound[Preprocessor], upstream: str, training: Sequence[Item], before: ImagePlan, observer: Observer
) -> Preprocessor:
    """Fit a fresh copy of a preprocessor on the training part, or take what the cache holds of just that."""
    component = type(bound.component)(bound.component.params)
    key = digest("fit", identity(bound), upstream, _contents(before, training))

    def learnt() -> Mapping[str, NDArray[Any]]:
        if not training:
            raise RunFailed(
                f"{bound.entry.name} learns from the training part, and there is none",
                hint="Give the recipe a split with a training part, or a fixed template",
            )
        observer.stage(f"fitting {bound.entry.name}", len(training))
        component.fit(_told(images_of(replace(before, store=None), training), observer))
        return component.state()

    title = f"learnt by {bound.entry.name}"
    component.restore(memo(key, learnt, _STATE, store=before.store, title=title))
    return component


def _contents(plan: ImagePlan, items: Sequence[Item]) -> list[str]:
    """Key of each image as the last preprocessing step leaves it; its file's where that uses no scale."""
    last = plan.preprocess[-1] if plan.preprocess else None
    return [plan.row_key(last, item) if last is not None and last.scaled else item.key for item in items]


def _told(images: Iterator[RGBImage], observer: Observer) -> Iterator[RGBImage]:
    for image in images:
        yield image
        observer.advance()
