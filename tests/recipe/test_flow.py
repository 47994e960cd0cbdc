"""Checks across stages, before anything runs."""

from __future__ import annotations

import pytest

BASE = "leukokit: 1\nname: x\ndata: folder\n"


@pytest.mark.parametrize(
    ("stages", "path", "words"),
    [
        (
            "features: shape",
            "features.0.use",
            "needs label images (nucleus, cell) and the recipe names no segmenter",
        ),
        ("features: shape", "features.0.use", "These make nucleus, cell: otsu"),
        (
            "segment: nuclei_only\nfeatures: [shape]",
            "features.0.use",
            "shape needs cell; nuclei_only makes nucleus only",
        ),
        ("segment: otsu\nfeatures: reds", "features.0.use", "otsu with red_cells: true"),
        (
            "features: [tint, {use: tint, params: {channels: [blue, red]}}]",
            "features.1.use",
            "features.0 makes the same columns (mean_red)",
        ),
        ("features: moody", "features.0.use", "moody of parts 1.0 raised RuntimeError: not today"),
        ("cells: true", "cells", "cells are found by a segmenter, and the recipe has no 'segment'"),
        (
            "segment: nuclei_only\ncells: {labels: true}",
            "cells",
            "nuclei_only labels nucleus; cells need cell",
        ),
        (
            "segment: otsu\ncells: {table: false}",
            "cells",
            "writes nothing; set table, labels or geojson to true, or leave out 'cells'",
        ),
        ("segment: otsu\ncells: {tabel: true}", "cells.tabel", "table"),
        ("classify: machine", "classify.use", "learns from features and the recipe has no 'features'"),
        ("features: tint\nselect: best", "select", "select selects columns for a classifier"),
        ("features: tint\nexplain: importance", "explain", "the recipe has no 'classify'"),
        ("tune: {grid: {classify.C: [1]}}", "tune", "compares classifiers and the recipe has no 'classify'"),
        ("classify: network\nfeatures: tint\nselect: best", "select", "network learns from images"),
        ("classify: network\nexplain: importance", "explain.0.use", "These can explain it: heat_map"),
        (
            "features: tint\nclassify: machine\nexplain: heat_map",
            "explain.0.use",
            "These can explain it: importance",
        ),
    ],
)
def test_a_stage_that_lacks_what_it_needs_is_told_with_a_way_out(problems, stages, path, words):
    """The message says what is lacking and which components would help."""
    found = problems(f"{BASE}{stages}\n")
    assert path in [problem.path for problem in found]
    assert any(words in problem.message for problem in found), found
    assert all(problem.line and problem.line > 3 for problem in found)


@pytest.mark.parametrize(
    "stages",
    [
        "segment: {use: otsu, params: {red_cells: true}}\nfeatures: [shape, reds]",
        "classify: network\nexplain: heat_map",
        "classify: network",
        "features: [{use: tint, params: {channels: [red]}}, {use: tint, params: {channels: [blue]}}]",
        "segment: otsu",
        "segment: otsu\ncells: true",
        "cells: false",
    ],
)
def test_stages_that_fit_are_accepted(load, stages):
    """Red cells when asked for, images without features, two extractors with other columns."""
    load(f"{BASE}{stages}\n")


def test_a_mistake_in_one_stage_draws_no_others_after_it(problems):
    """A misspelt segmenter is not also a missing one, nor a misspelt classifier."""
    found = problems(
        f"{BASE}segment: otsuu\nfeatures: shape\nselect: best\nclassify: machin\nexplain: importance\n"
    )
    assert [problem.path for problem in found] == ["segment.use", "classify.use"]


def test_mistakes_across_stages_come_in_the_same_pass_as_the_others(problems):
    """One pass tells all."""
    found = problems(f"{BASE}sed: 1\nfeatures: shape\nclassify: {{use: machine, params: {{C: 0}}}}\n")
    assert [problem.path for problem in found] == ["sed", "features.0.use", "classify.params.C"]
