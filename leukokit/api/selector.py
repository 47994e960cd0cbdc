"""Selectors: reduction of columns, fitted on the training table only."""

from __future__ import annotations

from typing import Any, ClassVar

from leukokit.api.component import Component


class Selector(Component):
    """Wraps a scikit-learn transformer.

    It becomes a step of the classifier's pipeline, after imputation and scaling and before the model, so it
    is fitted only on the rows that the pipeline is fitted on.

    Attributes
    ----------
    trusted : tuple of str
        Types and functions, as ``package.module.Name``, that a saved transformer contains beyond the safe
        list of skops (which includes scikit-learn's own). Loading them must not run code.
    """

    trusted: ClassVar[tuple[str, ...]] = ()

    def transformer(self, *, seed: int) -> Any:
        """Build an unfitted scikit-learn transformer with ``fit(X, y)``, ``transform`` and
        ``get_feature_names_out``.
        """  # noqa: D205
        raise NotImplementedError
