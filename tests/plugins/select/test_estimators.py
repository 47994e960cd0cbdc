"""Own estimators against scikit-learn's checks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sklearn.utils.estimator_checks import parametrize_with_checks

from leukokit.plugins.select.estimators import DropNearlyConstant, SelectByInformation


@parametrize_with_checks(
    [
        SelectByInformation(k=2, random_state=0),
        SelectByInformation(k=None, threshold=0.0),
        DropNearlyConstant(),
    ]
)
def test_estimators_speak_scikit_learn(estimator: Any, check: Callable[[Any], None]) -> None:
    """Every check that scikit-learn makes of a transformer holds."""
    check(estimator)
