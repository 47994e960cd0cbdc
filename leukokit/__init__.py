"""Plugin-based toolkit for classifying leukemia blood smears. Research use only, not a medical device.

>>> import leukokit
>>> segmenter = leukokit.component("segmenter", "kmeans_watershed", clusters=4)
>>> run = leukokit.run("recipes/quickstart.yaml")  # doctest: +SKIP
>>> table = leukokit.load(run.path).predict(["smear.png"])  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leukokit._version import __version__

if TYPE_CHECKING:
    from os import PathLike

    from leukokit.api import Component, Kind
    from leukokit.engine.pipeline.averaged import AveragedPipelines
    from leukokit.engine.pipeline.fitted import FittedPipeline
    from leukokit.workflow import RunSettings, run


def component(kind: Kind | str, name: str, **params: Any) -> Component:
    """Build one component, built-in or installed.

    Parameters
    ----------
    kind : Kind or str
        ``dataset``, ``preprocessor``, ``segmenter``, ``feature_extractor``, ``selector``, ``classifier`` or
        ``explainer``.
    name : str
        As in recipes, such as ``"kmeans_watershed"``.
    **params
        The component's parameters, validated.

    Raises
    ------
    CatalogError
        Where there is no such component, saying which there are.
    pydantic.ValidationError
        Where a parameter is unknown or out of bounds.
    """
    from leukokit.catalog import discover

    return discover().get(kind, name).load().create(**params)


def load(path: str | PathLike[str]) -> FittedPipeline | AveragedPipelines:
    """Load the fitted pipeline of a run, to predict images with it.

    Parameters
    ----------
    path : path
        A run directory, or the folder of one fold or of the final model in its ``model/``.

    Returns
    -------
    FittedPipeline or AveragedPipelines
        ``predict(paths)`` gives a table of classes and calibrated probabilities; ``notes`` says what has
        changed on this machine since the fit.

    Raises
    ------
    LeukokitError
        Where a file is missing or damaged, or a component is not installed, saying which.
    """
    from pathlib import Path

    from leukokit.catalog import discover
    from leukokit.engine.pipeline.load import load_pipeline

    return load_pipeline(Path(path), discover())


def __getattr__(name: str) -> Any:
    # Loaded when first used: importing leukokit must stay cheap for the commands that compute nothing.
    if name in ("run", "RunSettings"):
        from leukokit import workflow

        return getattr(workflow, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = ["RunSettings", "__version__", "component", "load", "run"]
