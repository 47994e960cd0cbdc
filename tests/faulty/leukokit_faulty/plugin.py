"""What the faulty plugin offers."""

from __future__ import annotations

from collections.abc import Iterable

from leukokit.api import ComponentSpec, hookimpl


@hookimpl
def leukokit_preprocessors() -> Iterable[ComponentSpec]:
    """Offer the faulty preprocessor."""
    return [
        ComponentSpec("step", "leukokit_faulty.components:FaultyStep", "Breaks on marked images."),
        ComponentSpec("noise", "leukokit_faulty.components:Noise", "Adds random numbers."),
        ComponentSpec("learner", "leukokit_faulty.answers:FaultyLearner", "Answers badly."),
    ]


@hookimpl
def leukokit_feature_extractors() -> Iterable[ComponentSpec]:
    """Offer the faulty extractor."""
    return [
        ComponentSpec("value", "leukokit_faulty.components:FaultyValue", "Breaks on marked images."),
        ComponentSpec("named", "leukokit_faulty.answers:FaultyNames", "Answers badly."),
        ComponentSpec("deadly", "leukokit_faulty.deadly:Deadly", "Ends the process that imports it."),
    ]


@hookimpl
def leukokit_datasets() -> Iterable[ComponentSpec]:
    """Offer a data set that breaks."""
    return [
        ComponentSpec("pictures", "leukokit_faulty.tables:FaultyPictures", "A folder, badly."),
        ComponentSpec("divided", "leukokit_faulty.answers:FaultySplits", "Answers badly."),
    ]


@hookimpl
def leukokit_segmenters() -> Iterable[ComponentSpec]:
    """Offer a segmenter that breaks before it sees an image."""
    return [ComponentSpec("roles", "leukokit_faulty.answers:FaultyRoles", "Answers badly.")]


@hookimpl
def leukokit_classifiers() -> Iterable[ComponentSpec]:
    """Offer a classifier that breaks."""
    return [ComponentSpec("means", "leukokit_faulty.tables:FaultyMeans", "Nearest mean, badly.")]


@hookimpl
def leukokit_explainers() -> Iterable[ComponentSpec]:
    """Offer an explainer that breaks."""
    return [ComponentSpec("spread", "leukokit_faulty.tables:FaultySpread", "Spread of columns, badly.")]


@hookimpl
def leukokit_selectors() -> Iterable[ComponentSpec]:
    """Offer selectors that leak, and a component whose dependency is not installed."""
    return [
        ComponentSpec("peeking", "leukokit_faulty.leaks:Peeking", "Remembers the rows of every fit."),
        ComponentSpec("adaptive", "leukokit_faulty.leaks:Adaptive", "Learns from what it is asked about."),
        ComponentSpec("deep", "leukokit_faulty.components:NeedsAbsent", "Needs a package that is absent."),
    ]
