"""Recipes: :func:`load_recipe` is the only door, and what comes out of it needs no further check."""

from __future__ import annotations

from leukokit.recipe.binding import Bound
from leukokit.recipe.load import load_recipe, load_recipe_text
from leukokit.recipe.models import ComponentRef, RecipeModel, Tune
from leukokit.recipe.recipe import Recipe

__all__ = ["Bound", "ComponentRef", "Recipe", "RecipeModel", "Tune", "load_recipe", "load_recipe_text"]
