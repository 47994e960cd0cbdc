"""Figures of a run: names of their files."""

from __future__ import annotations

from leukokit.report.run_figures import file_names


def test_class_names_become_file_names() -> None:
    """Whatever a class is called, its sheet has a plain name of its own."""
    assert file_names(["ALL early", "all/early", "../x", "", "früh", "x"]) == [
        "ALL_early",
        "all_early_2",
        "x",
        "class",
        "fr_h",
        "x_2",
    ]
