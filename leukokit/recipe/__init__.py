"""Recipes: :func:`load_recipe` is the only way to get one, and what it returns needs no further check.

A component has these names on its way: a plugin's :class:`~leukokit.api.ComponentSpec`, the
:class:`~leukokit.catalog.CatalogEntry` that says where it is installed, the :class:`ComponentRef` that a
recipe writes, and :class:`Bound`, which is entry and reference together, built and ready for use.
"""

from __future__ import annotations

from leukokit.recipe.binding import Bound
from leukokit.recipe.load import load_recipe, load_recipe_text
from leukokit.recipe.models import ComponentRef, RecipeModel, Tune
from leukokit.recipe.recipe import Recipe

__all__ = [
    "Bound",
    "ComponentRef",
    "Recipe",
    "RecipeModel",
    "Tune",
    "load_recipe",
    "load_recipe_text",
]
