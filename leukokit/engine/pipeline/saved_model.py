"""A model in its folder, which each process that predicts with it loads once."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from leukokit.api import Classifier, FittedModel, Selector
from leukokit.engine.components.call import ComponentCall


@dataclass
class SavedModel:
    """Give the model of a folder; it does not travel to other processes, which load it themselves.

    Attributes
    ----------
    folder : Path
    classifier : Classifier
        Loads it.
    select : tuple of Selector
        Their fitted state is part of the model.
    """

    folder: Path
    classifier: Classifier
    select: tuple[Selector, ...]
    _model: FittedModel | None = field(default=None, repr=False, compare=False)

    def __call__(self) -> FittedModel:
        """Load the model when first asked for; the same object each time."""
        if self._model is None:
            with ComponentCall(self.classifier, "load", *self.select):
                self._model = self.classifier.load(self.folder, select=self.select)
        return self._model

    def __reduce__(self) -> tuple[type[SavedModel], tuple[Path, Classifier, tuple[Selector, ...]]]:
        return SavedModel, (self.folder, self.classifier, self.select)
