"""Support vector machine, the paper's classical classifier (section 5.1.5)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np

from leukokit.api import Field, Params, TabularClassifier


class OverColumns(Params):
    """Kernel width that follows the number of columns."""

    over_d: float = Field(gt=0, le=1e6, description="The width is this number divided by the columns.")


class SvmParams(Params):
    """Parameters of :class:`Svm`."""

    kernel: Literal["rbf", "linear", "poly", "sigmoid"] = Field("rbf", description="Kernel of the machine.")
    C: float = Field(
        10.0,
        gt=0,
        le=1e6,
        description="Penalty of training errors. The paper: 10 and 96.",
    )
    gamma: Literal["scale", "auto"] | Annotated[float, Field(gt=0)] | OverColumns = Field(
        "scale",
        description="Width of the rbf, poly and sigmoid kernels: a number above 0, 'scale' for "
        "1 / (columns x variance), 'auto' for 1 / columns, or {over_d: 0.3} for 0.3 / columns. A smaller one "
        "gives a smoother border between the classes.",
    )
    degree: int = Field(3, ge=1, le=10, description="Degree of the poly kernel; unused by the others.")
    class_weight: Literal["balanced"] | None = Field(
        None,
        description="'balanced': weights inversely proportional to class frequency; null: equal weights.",
    )
    calibration: Literal["sigmoid", "isotonic", "temperature"] = Field(
        "sigmoid",
        description="Calibration of probabilities: 'sigmoid' (Platt), 'isotonic' (for 1000 samples or "
        "more; gives "
        "exact zeros), or 'temperature' (one number; keeps the ranking of classes).",
    )


class Svm(TabularClassifier):
    """C-support vector classification with calibrated probabilities.

    One-vs-one classification (LIBSVM, Chang and Lin 2011, doi 10.1145/1961189.1961199). One machine is fitted
    on the whole training part. Its distances are calibrated by a map that is learnt on out-of-fold distances
    of inner folds, which never split a group (Platt 1999; temperature: Guo et al. 2017, arXiv 1706.04599).
    """

    Params = SvmParams
    params: SvmParams
    needs_folds = True
    # Classes that only hold attributes: a fitted machine with its map, and the one or two numbers of a map.
    trusted = (
        "leukokit.plugins.classify._machine.WidthByColumns",
        "sklearn.calibration._CalibratedClassifier",
        "sklearn.calibration._SigmoidCalibration",
        "sklearn.calibration._TemperatureScaling",
    )

    def estimator(self, *, seed: int, folds: Any) -> Any:
        """Build the machine inside its calibration."""
        from sklearn.calibration import CalibratedClassifierCV

        return CalibratedClassifierCV(
            self._machine(seed), method=self.params.calibration, cv=list(folds), ensemble=False
        )

    def _machine(self, seed: int) -> Any:
        from sklearn.svm import SVC

        from leukokit.plugins.classify._machine import WidthByColumns

        params = self.params
        given: dict[str, Any] = {
            name: getattr(params, name) for name in ("kernel", "C", "degree", "class_weight")
        }
        if isinstance(params.gamma, OverColumns):
            return WidthByColumns(params.gamma.over_d, random_state=seed, **given)
        return SVC(gamma=params.gamma, random_state=seed, **given)

    def check_loaded(self, estimator: Any) -> None:
        """Refuse support vectors and coefficients whose shapes do not match."""
        for calibrated in estimator.calibrated_classifiers_:
            machine = calibrated.estimator
            vectors, coefficients = machine.support_vectors_, machine._dual_coef_
            n_classes = len(machine.classes_)
            per_class = np.asarray(machine._n_support)
            fits = (
                vectors.shape == (len(machine.support_), machine.n_features_in_)
                and coefficients.shape == (n_classes - 1, len(vectors))
                and per_class.shape == (n_classes,)
                and bool((per_class >= 0).all())
                and int(per_class.sum()) == len(vectors)
                and machine._intercept_.shape == (n_classes * (n_classes - 1) // 2,)
                and len(machine._probA) == len(machine._probB) == 0
            )
            if not fits:
                raise ValueError("the support vectors do not fit their coefficients")
