"""The section ``audit``: every threshold is described and can be changed."""

from __future__ import annotations

import pytest

from leukokit.catalog import discover
from leukokit.errors import RecipeError
from leukokit.recipe import load_recipe_text
from leukokit.recipe.audit import AuditSpec, Limits

BASE = "leukokit: 1\nname: x\ndata: smears\n"


def test_every_field_is_described():
    """The description is the documentation."""
    for model in (AuditSpec, Limits):
        assert all(field.description for field in model.model_fields.values())


def test_limits_are_read_and_can_be_overridden():
    """In the file, or with --set."""
    text = f"{BASE}audit: {{lags: 5, across_parts: {{warn: 0.2, fail: null}}}}\n"
    recipe = load_recipe_text(text, discover(), overrides=["audit.class_balance.warn=1.5"])
    audit = recipe.model.audit
    assert (audit.lags, audit.across_parts.warn, audit.across_parts.fail) == (5, 0.2, None)
    assert audit.class_balance.warn == 1.5
    assert audit.probe_color == AuditSpec().probe_color


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("{class_balance: {warn: 5, fail: 2}}", r"warn \(5\) lies above fail \(2\)"),
        ("{lags: 0}", "audit.lags"),
        ("{probe_colour: {warn: 1}}", "probe_color"),
    ],
)
def test_mistakes_are_told(section, message):
    """With what was expected."""
    with pytest.raises(RecipeError, match=message):
        load_recipe_text(f"{BASE}audit: {section}\n", discover())
