"""The section ``unlike:``: when an image counts as unlike the training data."""

from __future__ import annotations

from pydantic import Field

from leukokit.recipe.base import RecipeBase


class UnlikeSpec(RecipeBase):
    """Images that are unlike the training data are told apart in predictions."""

    false_alarms: float = Field(
        0.01,
        gt=0,
        lt=1,
        description="Share of the images of the validation part that may be called unlike; without one, of "
        "training images that their own reference leaves out.",
    )
