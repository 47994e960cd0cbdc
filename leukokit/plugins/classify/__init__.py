"""Built-in classifiers."""

from __future__ import annotations

from collections.abc import Iterable

from leukokit.api import ComponentSpec, hookimpl


@hookimpl
def leukokit_classifiers() -> Iterable[ComponentSpec]:
    """Offer the built-in classifiers."""
    package = __name__
    return (
        ComponentSpec("decision_tree", f"{package}.decision_tree:DecisionTree", "A single decision tree."),
        ComponentSpec("extra_trees", f"{package}.extra_trees:ExtraTrees", "Extremely randomized trees."),
        ComponentSpec(
            "gradient_boosting",
            f"{package}.gradient_boosting:GradientBoosting",
            "Histogram-based gradient boosting.",
        ),
        ComponentSpec(
            "keras_cnn",
            f"{package}.keras_cnn:KerasCnn",
            "A network of keras.applications, pretrained and fine-tuned (the paper's EfficientNetV2L).",
        ),
        ComponentSpec("knn", f"{package}.knn:Knn", "k nearest neighbors."),
        ComponentSpec("logistic", f"{package}.logistic:Logistic", "Multinomial logistic regression."),
        ComponentSpec("random_forest", f"{package}.random_forest:RandomForest", "Random forest."),
        ComponentSpec(
            "svm",
            f"{package}.svm:Svm",
            "Support vector machine with calibrated probabilities (the paper's classifier).",
        ),
    )
