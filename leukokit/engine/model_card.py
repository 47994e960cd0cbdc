"""The model card that lies beside every saved model."""

from __future__ import annotations

from collections.abc import Sequence

from leukokit._version import __version__
from leukokit.api import Consumes
from leukokit.recipe import Recipe


def model_card(recipe: Recipe, classes: Sequence[str], stamp: str | None) -> str:
    """Markdown that says what the model is, what it was trained on, and what it must not be used for."""
    assert recipe.classify is not None
    consumes = recipe.classify.component.consumes
    steps = [bound.use for bound in recipe.preprocess]
    if Consumes.FEATURES in consumes:  # others never see what a recipe segments and measures besides
        steps += [recipe.segment.use] if recipe.segment else []
        steps += [bound.use for bound in recipe.features]
    prepared = ", ".join(f"`{name}`" for name in steps)
    params = recipe.classify.component.params.model_dump_json()
    warning = (
        f"> **{stamp}.** Trained on rendered pictures; it knows nothing of real blood.\n\n" if stamp else ""
    )
    return (
        f"# {recipe.name}\n\n"
        "> **Research use only. Not a medical device.** Not for diagnosis, triage or treatment.\n\n"
        f"{warning}"
        f"- Classifier: `{recipe.classify.entry.name}` ({params})\n"
        f"- Learns from: {' and '.join(sorted(consumes))}\n"
        f"- Classes: {', '.join(classes)}\n"
        f"- Input: blood smear images, prepared by {prepared or 'nothing'}\n"
        f"- Data set: `{recipe.data.entry.name}`\n"
        f"{_calibration(recipe)}"
        f"- Seed: {recipe.seed}; leukokit {__version__}\n\n"
        "How well it does is in `metrics.json`; on which files it was trained is in `split.csv` and "
        "`provenance.json`. Scores on a split of one data set do not say how it does on another "
        "laboratory's smears.\n"
    )


def _calibration(recipe: Recipe) -> str:
    """Say which correction the probabilities have to go through."""
    if recipe.model.calibrate is None:
        return ""
    return (
        f"- Calibration: {recipe.model.calibrate}, fitted on the validation part; the model alone gives "
        "probabilities without it, `calibration.json` holds it\n"
    )
