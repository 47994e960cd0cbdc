"""What can be found out about a run before it starts, without decoding a picture."""

from __future__ import annotations

from leukokit.engine.precheck.examination import RecipeExamination, examine_recipe

__all__ = ["RecipeExamination", "examine_recipe"]
