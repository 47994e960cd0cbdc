"""Alignment of heat with cells: shares by hand, properties, and intervals that hold."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from leukokit.api import Explanation, FloatArray, Labels, LeukokitError, Status
from leukokit.evaluation.alignment import (
    SUMMARY_COLUMNS,
    TABLE_COLUMNS,
    alignment_table,
    regions,
    score_regions,
    summarize_alignment,
)
from leukokit.testing.images import disks


def labels_of(**roles: list[list[int]]) -> Labels:
    return Labels({role: np.array(rows, np.int32) for role, rows in roles.items()}, Status.OK)


def test_regions_are_disjoint_by_rank() -> None:
    """Scale bar over nucleus over cytoplasm over red cell over the rest; background is what is left."""
    labels = labels_of(
        red_cell=[[1, 1, 1, 1, 0, 0]],
        cell=[[1, 1, 1, 0, 0, 0]],
        nucleus=[[1, 1, 0, 0, 0, 0]],
        scale_bar=[[1, 0, 0, 0, 0, 0]],
        platelet=[[0, 0, 0, 1, 2, 0]],
    )
    columns = {name: mask[0].nonzero()[0].tolist() for name, mask in regions(labels, (1, 6)).items()}
    assert columns == {
        "nucleus": [1],
        "cytoplasm": [2],
        "red_cell": [3],
        "platelet": [4],
        "scale_bar": [0],
        "background": [5],
    }
    assert list(columns) == ["nucleus", "cytoplasm", "red_cell", "platelet", "scale_bar", "background"]


def test_regions_of_other_roles() -> None:
    """Cells without nuclei stay cells; a role named as a region joins it; without roles all is background."""
    assert list(regions(labels_of(cell=[[1, 0]]), (1, 2))) == ["cell", "background"]
    own = labels_of(
        nucleus=[[1, 0, 0, 0]], cell=[[1, 1, 0, 0]], cytoplasm=[[0, 0, 1, 0]], background=[[0, 0, 0, 0]]
    )
    masks = regions(own, (1, 4))
    assert masks["cytoplasm"][0].tolist() == [False, True, True, False]
    assert masks["background"][0].tolist() == [False, False, False, True]
    assert regions(Labels({}, Status.NO_CELL), (2, 2))["background"].all()


def test_regions_refuse_another_shape() -> None:
    """The message names the role and both shapes."""
    with pytest.raises(LeukokitError, match=r"'nucleus' is \(1, 2\), its image \(2, 2\)"):
        regions(labels_of(nucleus=[[1, 0]]), (2, 2))


def test_shares_by_hand() -> None:
    """Three quarters of the heat on a quarter of the area is a ratio of 3."""
    nucleus = np.array([[True, False], [False, False]])
    masks = {"nucleus": nucleus, "none": np.zeros((2, 2), bool), "background": ~nucleus}
    scores = score_regions(np.array([[0.9, 0.3], [0.0, 0.0]]), masks)
    assert scores["nucleus"] == (pytest.approx(0.75), 0.25, pytest.approx(3.0), True)
    assert scores["background"] == (pytest.approx(0.25), 0.75, pytest.approx(1 / 3), False)
    assert scores["none"][:2] == (0.0, 0.0)
    assert np.isnan(scores["none"].ratio)
    assert scores["none"].pointing is False


def test_ties_go_to_the_middle_then_to_the_first_pixel() -> None:
    """A flat top is hottest at its middle; of two pixels as near to it the first one counts."""
    flat = np.zeros((5, 9))
    flat[1:4, 3:6] = 1.0
    middle = np.zeros((5, 9), bool)
    middle[2, 4] = True
    assert score_regions(flat, {"middle": middle, "rest": ~middle})["middle"].pointing
    heat = np.array([[0.2, 0.1], [1.0, 1.0]])
    left = np.array([[True, False], [True, False]])
    scores = score_regions(heat, {"left": left, "right": ~left})
    assert (scores["left"].pointing, scores["right"].pointing) == (True, False)


def test_a_map_without_heat_has_no_shares() -> None:
    """Nothing can be said: NaN and None, not 0."""
    (score,) = score_regions(np.zeros((2, 2)), {"background": np.ones((2, 2), bool)}).values()
    assert np.isnan(score.heat_share)
    assert np.isnan(score.ratio)
    assert (score.area_share, score.pointing) == (1.0, None)


@pytest.mark.parametrize("bad", [-0.1, np.nan, np.inf])
def test_bad_heat_is_refused(bad: float) -> None:
    """Negative heat would make shares above 1."""
    with pytest.raises(LeukokitError, match="finite and 0 or more"):
        score_regions(np.array([[bad, 1.0]]), {"all": np.ones((1, 2), bool)})


shapes = st.tuples(st.integers(1, 8), st.integers(1, 8))
levels = st.floats(0, 1, allow_subnormal=False)


@st.composite
def scenes(draw: st.DrawFn) -> tuple[FloatArray, Labels]:
    shape = draw(shapes)
    ids = arrays(np.int32, shape, elements=st.integers(0, 2))
    roles = draw(st.sets(st.sampled_from(["nucleus", "cell", "red_cell", "scale_bar", "other"])))
    labels = Labels({role: draw(ids) for role in sorted(roles)}, Status.OK)
    return draw(arrays(np.float64, shape, elements=levels)), labels


@given(scenes())
def test_shares_sum_to_one_and_one_region_is_pointed_at(scene: tuple[FloatArray, Labels]) -> None:
    """Regions part the image, so their shares are whole and the hottest pixel lies in one of them."""
    heat, labels = scene
    masks = regions(labels, heat.shape)
    assert (np.sum(list(masks.values()), axis=0) == 1).all()
    scores = score_regions(heat, masks)
    assert sum(score.area_share for score in scores.values()) == pytest.approx(1)
    if heat.any():
        assert sum(score.heat_share for score in scores.values()) == pytest.approx(1)
        assert sum(bool(score.pointing) for score in scores.values()) == 1


@given(scenes(), st.floats(0.01, 1))
def test_even_heat_has_the_ratio_one(scene: tuple[FloatArray, Labels], level: float) -> None:
    """Heat that knows nothing is in each region what its area is."""
    shape = scene[0].shape
    for score in score_regions(np.full(shape, level), regions(scene[1], shape)).values():
        assert score.area_share == 0 or score.ratio == pytest.approx(1)


@given(scenes(), st.floats(0.25, 4))
def test_the_scale_of_heat_does_not_matter(scene: tuple[FloatArray, Labels], factor: float) -> None:
    """Twice the heat everywhere is the same heat."""
    heat, labels = scene
    masks = regions(labels, heat.shape)
    for name, score in score_regions(heat * factor, masks).items():
        assert score.heat_share == pytest.approx(score_regions(heat, masks)[name].heat_share, nan_ok=True)


def made_table(n: int = 12) -> tuple[pd.DataFrame, dict[str, Labels]]:
    """Table of two explainers: one that knows the nuclei, one that knows nothing."""
    scenes = {f"s{number}": disks(number)[1] for number in range(n)}
    knowing = {name: (labels.nucleus > 0) + 0.05 for name, labels in scenes.items()}
    blind = {name: np.ones(labels.nucleus.shape) for name, labels in scenes.items()}
    blind["s0"] = np.zeros_like(blind["s0"])
    targets = dict.fromkeys(scenes, "early")
    explanations = {
        "knowing": Explanation(heat_maps=knowing, targets=targets),
        "importance": Explanation(table=pd.DataFrame()),
        "blind": Explanation(heat_maps=blind, targets=targets),
    }
    predicted = dict.fromkeys(scenes, "late")
    return alignment_table(explanations, scenes.__getitem__, true=targets, predicted=predicted), scenes


def test_a_table_has_one_row_for_each_explainer_sample_and_region() -> None:
    """In order, with classes and targets; explainers of features give none."""
    table, scenes = made_table()
    assert tuple(table.columns) == TABLE_COLUMNS
    assert list(dict.fromkeys(table["explainer"])) == ["knowing", "blind"]
    assert len(table) == 2 * len(scenes) * 4
    assert set(table["true"]) == set(table["target"]) == {"early"}
    assert set(table["predicted"]) == {"late"}
    first = table[(table["explainer"] == "knowing") & (table["id"] == "s3") & (table["region"] == "nucleus")]
    expected = score_regions((scenes["s3"].nucleus > 0) + 0.05, regions(scenes["s3"], (96, 96)))["nucleus"]
    assert first["ratio"].item() == expected.ratio
    assert first["pointing"].item() == expected.pointing


def test_labels_are_asked_for_once_an_image() -> None:
    """Several explainers share the regions of an image."""
    asked: list[str] = []
    labels = disks(0)[1]

    def ask(name: str) -> Labels:
        asked.append(name)
        return labels

    explanation = Explanation(heat_maps={"a": np.ones((96, 96))}, targets={"a": "x"})
    alignment_table({"one": explanation, "two": explanation}, ask, true={"a": "x"}, predicted={"a": "x"})
    assert asked == ["a"]
    wrong = Explanation(heat_maps={"a": np.ones((5, 5))}, targets={"a": "x"})
    with pytest.raises(LeukokitError, match=r"a: the label image '\w+' is \(96, 96\), its image \(5, 5\)"):
        alignment_table({"one": wrong}, ask, true={"a": "x"}, predicted={"a": "x"})


def test_a_summary_tells_knowing_from_blind() -> None:
    """Pooled ratios, chance and intervals; a map without heat is left out and counted out."""
    table, _ = made_table()
    summary = summarize_alignment(table).set_index(["explainer", "region"])
    knowing, blind = summary.loc[("knowing", "nucleus")], summary.loc[("blind", "nucleus")]
    part = table[(table["explainer"] == "knowing") & (table["region"] == "nucleus")]
    assert knowing["ratio"] == pytest.approx(part["heat_share"].mean() / part["area_share"].mean())
    assert 1 < knowing["ratio_low"] < knowing["ratio"] < knowing["ratio_high"]
    assert knowing["pointing_rate"] == 1
    assert knowing["pointing_chance"] == knowing["area_share"] == pytest.approx(part["area_share"].mean())
    assert blind["ratio"] == pytest.approx(1)
    assert blind["ratio_low"] == pytest.approx(1)
    assert (knowing["images"], blind["images"]) == (12, 11)
    assert summary.loc["knowing"]["heat_share"].sum() == pytest.approx(1)


def test_a_summary_is_seeded_and_does_not_depend_on_the_order_of_rows_within_an_image() -> None:
    """Same seed, same bounds; other seed, others."""
    table, _ = made_table()
    first = summarize_alignment(table, seed=1)
    pd.testing.assert_frame_equal(first, summarize_alignment(table, seed=1))
    assert not first.equals(summarize_alignment(table, seed=2))
    assert tuple(first.columns) == SUMMARY_COLUMNS


def test_a_summary_of_little() -> None:
    """One image has a ratio but no interval; regions without area have neither; an empty table is empty."""
    labels = labels_of(nucleus=[[1, 0]], cell=[[1, 0]])
    explanation = Explanation(heat_maps={"a": np.array([[1.0, 0.0]])}, targets={"a": "x"})
    table = alignment_table({"one": explanation}, lambda _: labels, true={"a": "x"}, predicted={"a": "x"})
    summary = summarize_alignment(table).set_index("region")
    assert summary.loc["nucleus", "ratio"] == 2
    assert np.isnan(summary.loc["nucleus", "ratio_low"])
    assert np.isnan(summary.loc["cytoplasm", "ratio"])
    assert summary.loc["cytoplasm", "images_with_region"] == 0
    cold = Explanation(heat_maps={"a": np.zeros((1, 2))}, targets={"a": "x"})
    table = alignment_table({"one": cold}, lambda _: labels, true={"a": "x"}, predicted={"a": "x"})
    assert summarize_alignment(table)["images"].tolist() == [0, 0, 0]
    empty = summarize_alignment(alignment_table({}, lambda _: labels, true={}, predicted={}))
    assert empty.empty
    assert tuple(empty.columns) == SUMMARY_COLUMNS


@pytest.mark.parametrize("seed", [0, 1])
def test_intervals_hold_the_truth_about_as_often_as_they_say(seed: int) -> None:
    """Of 60 studies of 40 images, the interval of the pooled ratio misses the truth in a few."""
    rng = np.random.default_rng(seed)
    missed = 0
    for _ in range(60):
        area = rng.uniform(0.05, 0.3, 40)
        heat = np.clip(area * rng.gamma(20, 0.1, 40), 0, 1)  # ratio 2 on average
        ids = [str(number) for number in range(40)]
        table = pd.DataFrame(
            {
                "explainer": "x",
                "id": ids,
                "region": "nucleus",
                "heat_share": heat,
                "area_share": area,
                "pointing": True,
            }
        )
        row = summarize_alignment(table, draws=400).iloc[0]
        missed += not row["ratio_low"] <= 2 <= row["ratio_high"]
    assert missed <= 12
