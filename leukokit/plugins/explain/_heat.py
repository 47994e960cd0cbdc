"""Base of explainers of images: choice of images and class, and normalization of heat maps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from leukokit.api import (
    Classifier,
    Consumes,
    DataError,
    Examples,
    Explainer,
    Explanation,
    Field,
    FittedModel,
    FloatArray,
    LeukokitError,
    Params,
)
from leukokit.api.deep import NetworkModel


class HeatParams(Params):
    """Parameters that choose the explained images and class."""

    per_class: int | None = Field(
        8,
        ge=1,
        le=10**6,
        description=(
            "Number of explained images of each true class, evenly spaced in their order, so that the choice "
            "is not biased; null explains all."
        ),
    )
    target: Literal["predicted", "true"] = Field(
        "predicted",
        description="Class whose score is explained: the predicted one or the true one.",
    )


class HeatMethod(Protocol):
    """Method that computes attribution maps for a batch of images."""

    def __call__(self, images: NDArray[np.float32], targets: NDArray[np.intp]) -> FloatArray:
        """Evidence for the target, n x h x w; negative values are evidence against it.

        Parameters
        ----------
        images : float32 array, n x side x side x 3
            Input of the network, 0..255.
        targets : int array (n,)
            Index of the class that is explained, for each image.
        """
        ...

    @property
    def note(self) -> str:
        """Note for readers of the maps; read after the last batch."""
        ...


class HeatExplainer(Explainer):
    """Base of explainers that compute heat maps: a subclass implements :meth:`method`."""

    explains = frozenset({Consumes.IMAGES})
    requires = ("keras",)
    install_hint = "pip install 'leukokit[deep]'"
    Params = HeatParams
    params: HeatParams

    def method(self, model: NetworkModel) -> HeatMethod:
        """Prepare the method for one network."""
        raise NotImplementedError

    def explain(
        self,
        classifier: Classifier,  # noqa: ARG002
        model: FittedModel,
        examples: Examples,
        *,
        seed: int,  # noqa: ARG002 - nothing is drawn
    ) -> Explanation:
        """Compute heat maps of some images of each true class.

        Parameters
        ----------
        classifier : Classifier
            Not used: the network is in the model.
        model : NetworkModel
        examples : Examples
            With labels and images.
        seed : int
            Not used: nothing is drawn.

        Returns
        -------
        Explanation
            ``heat_maps`` with the height and width of each image, float64: evidence for ``targets``, scaled
            to a maximum of 1 in each image; 0 everywhere where there is none.

        Raises
        ------
        LeukokitError
            Where the model is no network, there are no images, or the network returns numbers that are not
            finite.
        DataError
            Where there are no labels, or with ``target: true`` a class that the model does not know.
        """
        network = _require_network(model)
        if examples.images is None:
            raise LeukokitError("heat is drawn over images, and there are none")
        if examples.labels is None:
            raise DataError(
                "which images are explained depends on their true classes, and there are no labels"
            )
        chosen = evenly_spaced_rows(examples.labels, self.params.per_class)
        method = self.method(network)
        heat_maps: dict[str, FloatArray] = {}
        targets: dict[str, str] = {}
        for rows in batches(len(chosen), network.batch_size):
            block = chosen[rows]
            images = [examples.images[index] for index in block]
            ids = [examples.ids[index] for index in block]
            if self.params.target == "true":
                numbers = _true_numbers(network, ids, [str(examples.labels[index]) for index in block])
            else:
                numbers = network.predict_proba(Examples(ids=ids, images=images)).argmax(axis=1)
            maps = method(network.batch(images), numbers)
            for name, image, number, heat_map in zip(ids, images, numbers, maps, strict=True):
                if not np.isfinite(heat_map).all():
                    raise LeukokitError("the network gives numbers that are not finite", where=name)
                heat_maps[name] = to_heat(heat_map, image.shape[:2])
                targets[name] = network.classes[number]
        return Explanation(heat_maps=heat_maps, targets=targets, note=method.note)


def evenly_spaced_rows(labels: Sequence[str] | NDArray[np.str_], per_class: int | None) -> list[int]:
    """Choose rows of each class, evenly spaced over its rows in their order.

    Parameters
    ----------
    labels : sequence of str
        True classes.
    per_class : int or None
        Rows of each class; all of a class that has fewer, and all of every class for None.

    Returns
    -------
    list of int
        Ascending.
    """
    names = np.asarray(labels)
    chosen: list[int] = []
    for name in np.unique(names):
        rows = np.flatnonzero(names == name)
        count = len(rows) if per_class is None else min(per_class, len(rows))
        # Centers of equal intervals: neither end of the list is preferred.
        chosen += rows[((np.arange(count) + 0.5) * len(rows) / count).astype(np.intp)].tolist()
    return sorted(chosen)


def to_heat(evidence: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    """Normalize a map: set negative values to 0, resize to ``shape``, scale the maximum to 1.

    Parameters
    ----------
    evidence : float array, h x w
        Finite.
    shape : (height, width)
        Of the image, in px.

    Returns
    -------
    float64 array, H x W
        In 0..1; all 0 where no value is above 0.
    """
    height, width = shape
    heat = np.maximum(np.asarray(evidence, dtype=np.float64), 0.0)
    if heat.shape != (height, width):
        smaller = height < heat.shape[0] or width < heat.shape[1]
        how = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
        heat = np.maximum(np.asarray(cv2.resize(heat, (width, height), interpolation=how), np.float64), 0.0)
    hottest = heat.max(initial=0.0)
    return heat / hottest if hottest > 0 else heat


def batches(count: int, size: int) -> Iterator[slice]:
    """Slices of ``size`` or fewer that cover ``count`` rows."""
    for start in range(0, count, size):
        yield slice(start, min(start + size, count))


def _require_network(model: FittedModel) -> NetworkModel:
    if isinstance(model, NetworkModel):
        return model
    raise LeukokitError(
        f"heat maps need a network (leukokit.api.deep.NetworkModel), this model is a {type(model).__name__}",
        hint="Use a classifier of images that trains a network, or permutation_importance for this one",
    )


def _true_numbers(network: NetworkModel, ids: Sequence[str], true: Sequence[str]) -> NDArray[np.intp]:
    number = {name: index for index, name in enumerate(network.classes)}
    for name, label in zip(ids, true, strict=True):
        if label not in number:
            raise DataError(
                f"the model has no score for the class {label!r}, it knows {', '.join(network.classes)}",
                where=name,
            )
    return np.array([number[label] for label in true], dtype=np.intp)
