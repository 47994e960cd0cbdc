"""Check that a saved model can be used: load it once, and predict a few images again.

Where it cannot, the run still ends well: its scores come from the model that was fitted, and may have taken
hours. The files stay, since a plugin that trusts its own types later can read them; ``pipeline.json`` says
that they cannot be loaded, the run gives a warning, and ``leukokit.load`` refuses them with the reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from leukokit.api import Classifier, Examples, FittedModel, FloatArray, Selector
from leukokit.engine.components.call import ComponentCall
from leukokit.engine.execution.isolation import run_isolated
from leukokit.engine.execution.protocol import Executor
from leukokit.engine.observer import Observer
from leukokit.engine.validation import checked_probabilities
from leukokit.errors import LeukokitError, PluginError
from leukokit.evaluation.tuning import take

_ROWS = 8
_TOLERANCE = 1e-3
"""A network's sums are rounded differently in another batch; another model differs by far more."""
_EXPECTED = "loaded_back.npy"


def keep_expected(folder: Path, probabilities: FloatArray) -> None:
    """Keep the fitted model's probabilities (float64 n x k) of the first images, for :func:`model_fault`."""
    np.save(folder / _EXPECTED, probabilities[:_ROWS], allow_pickle=False)


def first_rows(examples: Examples) -> Examples:
    """Images that the loaded model predicts."""
    return take(examples, np.arange(min(_ROWS, len(examples))))


def model_fault(
    classifier: Classifier,
    select: Sequence[Selector],
    folder: Path,
    examples: Examples,
    *,
    executor: Executor,
    observer: Observer,
) -> str | None:
    """Load a saved model and compare it with the one that was fitted.

    Parameters
    ----------
    folder : Path
        With the model in ``model/``, and what :func:`keep_expected` wrote.
    examples : Examples
        Its input for the kept probabilities.

    Returns
    -------
    str or None
        Why it cannot be used; None where it can.
    """
    try:
        run_isolated(
            _compare,
            classifier,
            tuple(select),
            folder,
            first_rows(examples),
            components=(classifier, *select),
            executor=executor,
            observer=observer,
        )
    except LeukokitError as error:
        return str(error)
    except Exception as error:  # a library may raise any error for unexpected files
        return f"{type(error).__name__}: {error}"
    return None


def _compare(
    classifier: Classifier,
    select: Sequence[Selector],
    folder: Path,
    examples: Examples,
    *,
    observer: Observer,  # noqa: ARG001 - given to all isolated work
) -> None:
    expected = np.load(folder / _EXPECTED, allow_pickle=False)
    with ComponentCall(classifier, "load", *select):
        model: FittedModel = classifier.load(folder / "model", select=select)
    with ComponentCall(classifier, "predict_proba", *select):
        probabilities = model.predict_proba(examples)
    name = type(classifier).__name__
    checked_probabilities(probabilities, expected.shape, name)
    difference = float(np.abs(probabilities - expected).max(initial=0))
    if difference > _TOLERANCE:
        raise PluginError(
            f"the model that {name} loads from its folder is not the one that was fitted: probabilities "
            f"differ by up to {difference:.2g}"
        )
