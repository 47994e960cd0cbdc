"""Which plugins are used."""

from __future__ import annotations

import pytest

from leukokit.catalog.choice import VARIABLE, PluginChoice


@pytest.mark.parametrize(
    ("text", "chosen"), [("", None), (" , ", None), ("none", ()), ("NONE", ()), ("a, b,", ("a", "b"))]
)
def test_the_variable_names_distributions(
    text: str, chosen: tuple[str, ...] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No name switches nothing off; only the word does that."""
    monkeypatch.setenv(VARIABLE, text)
    assert PluginChoice.from_environment().distributions == chosen
