"""The grid of ``tune``: paths and values are checked before anything runs."""

from __future__ import annotations

import pytest

BASE = "leukokit: 1\nname: x\ndata: folder\npreprocess: median\nfeatures: tint\nclassify: machine\n"


@pytest.mark.parametrize(
    ("grid", "path", "words"),
    [
        ("{classify.C: [1, -1]}", "tune.grid.classify.C.1", "> 0.0"),
        ("{classify.CC: [1, 2]}", "tune.grid.classify.CC", "did you mean 'C'?"),
        ("{classify.C: []}", "tune.grid.classify.C", "at least 1 item"),
        ("{classify.C: 5}", "tune.grid.classify.C", "expected a list"),
        ("{classify: [machine]}", "tune.grid.classify", "is not a parameter"),
        ("{classify.use: [machine]}", "tune.grid.classify.use", "is not a parameter"),
        ("{data.root: [a]}", "tune.grid.data.root", "tune can vary"),
        ("{seed: [1]}", "tune.grid.seed", "tune can vary"),
        ("{segment.red_cells: [true]}", "tune.grid.segment.red_cells", "the recipe has no segment"),
        ("{clasify.C: [1]}", "tune.grid.clasify.C", "did you mean 'classify'?"),
        ("{classify.C: [1], classify.params.C: [2]}", "tune.grid.classify.params.C", "same parameter"),
        ("{preprocess.median.size: [3, 4]}", "tune.grid.preprocess.median.size.1", "odd"),
        ("{classify.low: [0, 5]}", "tune.grid.classify.low.1", "low must be below high"),
        ("{features.tint.channels: [[red], [rde]]}", "tune.grid.features.tint.channels.1.0", "'red'"),
    ],
)
def test_a_grid_that_cannot_be_walked_is_told_at_its_value(problems, grid, path, words):
    """Each value is checked like the parameter that it stands for."""
    found = problems(f"{BASE}tune: {{grid: {grid}}}\n")
    assert [problem.path for problem in found] == [path]
    assert words in found[0].message
    assert found[0].line == 7


def test_values_that_only_work_together_are_accepted(load):
    """Rules across parameters are checked on combinations."""
    text = f"{BASE}tune: {{grid: {{classify.low: [5, 6], classify.high: [7, 8]}}}}\n"
    assert len(load(text).grid_points()) == 4


def test_a_mistake_of_the_base_is_not_repeated_for_each_value(problems):
    """One mistake, one message."""
    text = BASE.replace("classify: machine", "classify: {use: machine, params: {kernel: x}}")
    found = problems(f"{text}tune: {{grid: {{classify.C: [1, 2, 3]}}}}\n")
    assert [problem.path for problem in found] == ["classify.params.kernel"]
