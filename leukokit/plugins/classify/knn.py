"""k nearest neighbors."""

from __future__ import annotations

from typing import Any, Literal

from leukokit.api import DataError, Field, Params, TabularClassifier


class KnnParams(Params):
    """Parameters of :class:`Knn`."""

    n_neighbors: int = Field(5, ge=1, le=1000, description="Number of neighbors that vote.")
    weights: Literal["uniform", "distance"] = Field(
        "uniform", description="Weight of a vote: equal ('uniform'), or inverse distance ('distance')."
    )
    metric: Literal["euclidean", "manhattan", "cosine"] = Field(
        "euclidean", description="Distance between standardized feature rows."
    )


class Knn(TabularClassifier):
    """Majority of the nearest training samples (Cover and Hart 1967, doi 10.1109/TIT.1967.1053964).

    Neighbors are found by brute force: with a hundred columns a tree is no faster, and the saved model is
    simply the table.
    """

    Params = KnnParams
    params: KnnParams

    def check_train(self, counts: dict[str, int]) -> None:
        """Refuse fewer training samples than neighbors."""
        total = sum(counts.values())
        if total < self.params.n_neighbors:
            raise DataError(
                f"{total} training samples are too few for {self.params.n_neighbors} neighbors",
                where="training part",
                hint="Lower n_neighbors",
            )

    def estimator(self, *, seed: int, folds: Any) -> Any:  # noqa: ARG002 - nothing is drawn
        """Build the classifier."""
        from sklearn.neighbors import KNeighborsClassifier

        return KNeighborsClassifier(
            n_neighbors=self.params.n_neighbors,
            weights=self.params.weights,
            metric=self.params.metric,
            algorithm="brute",
            n_jobs=1,
        )

    def check_loaded(self, estimator: Any) -> None:
        """Refuse invalid class numbers, and training rows that do not match them."""
        rows, numbers = estimator._fit_X, estimator._y
        if rows.shape != (len(numbers), estimator.n_features_in_) or numbers.ndim != 1:
            raise ValueError("the training rows do not fit their classes")
        if len(numbers) < estimator.n_neighbors or estimator._fit_method != "brute":
            raise ValueError("the training rows do not fit the number of neighbors")
        if numbers.min() < 0 or numbers.max() >= len(estimator.classes_):
            raise ValueError("class numbers point outside the classes")
