"""Declaration of a component by a plugin, without importing the component's code."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """Names of the kinds of component, for code that asks for one of them.

    What the core knows of each kind is a row of ``leukokit.catalog.kinds.KINDS``.
    """

    DATASET = "dataset"
    PREPROCESSOR = "preprocessor"
    SEGMENTER = "segmenter"
    FEATURE_EXTRACTOR = "feature_extractor"
    SELECTOR = "selector"
    CLASSIFIER = "classifier"
    EXPLAINER = "explainer"


@dataclass(frozen=True, slots=True)
class ComponentSpec:
    """One component that a plugin offers.

    Attributes
    ----------
    name : str
        Lower-case identifier, such as ``median``. The catalog adds the entry point's name as a prefix where
        the component is not built in (``otsu/otsu``).
    target : str
        ``"package.module:Class"``; imported only when the component is used.
    summary : str
        One sentence for ``leukokit list``.
    """

    name: str
    target: str
    summary: str
