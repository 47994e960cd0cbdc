"""Synthetic smears of several labs: true scale, platelets, leukocytes of other kinds and their table."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from leukokit.api import CELL, PLATELET, RED_CELL, RED_CELL_UM, DataError, Part, Sample
from leukokit.plugins.datasets._smear_labs import LAB_NAMES
from leukokit.plugins.datasets.smears import Smears

KINDS = {"neutrophil", "lymphocyte", "monocyte", "eosinophil"}


@pytest.fixture(scope="module")
def others() -> Smears:
    """Fields of the other kinds alone, large enough to see their parts."""
    return Smears.create(per_class=6, bystanders=1.0, labs=("pbc",), size=256, seed=3)


def table(dataset: Smears, *, every: int = 1) -> pd.DataFrame:
    """All cells of a data set, with the sample they are in."""
    rows = [
        pd.DataFrame(dataset.cells(sample)).assign(sample=sample.id) for sample in dataset.samples()[::every]
    ]
    return pd.concat(rows, ignore_index=True)


# ---- scale


@pytest.mark.parametrize("lab", LAB_NAMES)
def test_red_cells_are_as_wide_as_is_told(lab: str) -> None:
    """Where red cells lie alone, their masks have the mean diameter that ``red_cell_px`` gives."""
    dataset = Smears.create(per_class=40, labs=(lab,), white_cells=1, red_cells=1, size=160, seed=5)
    shares = []
    for sample in dataset.samples():
        for cell in dataset.cells(sample):
            # Of a red cell that another cell lies on, too little can be seen.
            diameter = 2 * np.sqrt(cell.area_px / np.pi) / dataset.red_cell_px(sample)
            if cell.role == RED_CELL and cell.whole and diameter > 0.72:
                shares.append(diameter)
    assert len(shares) > 25
    assert np.mean(shares) == pytest.approx(1.0, abs=0.05)


def test_twice_the_magnification_shows_cells_twice_as_wide() -> None:
    """Scale, white-cell areas and pixel size follow the parameter."""
    one, two = (
        Smears.create(per_class=6, labs=("bccd",), magnification=m, white_cells=1) for m in (0.5, 1.0)
    )
    areas = []
    for dataset in (one, two):
        cells = table(dataset)
        areas.append(cells[(cells.role == CELL) & cells.whole].area_px.median())
    first = one.samples()[0]
    assert two.red_cell_px(first) == pytest.approx(2 * one.red_cell_px(first))
    assert two.pixel_size_um(first) == pytest.approx(one.pixel_size_um(first) / 2)
    assert areas[1] == pytest.approx(4 * areas[0], rel=0.15)


def test_red_cells_measure_seven_and_a_half_um_within_what_blood_counts_call_normal() -> None:
    """Pixel size and red-cell diameter fit; patients differ from the mean by an eighth at most."""
    dataset = Smears.create(per_class=30, patients=120, labs=("all_pbs", "pbc"))
    um = np.array([dataset.red_cell_px(s) * dataset.pixel_size_um(s) for s in dataset.samples()])
    assert um.mean() == pytest.approx(RED_CELL_UM, rel=0.03)
    assert um.std() > 0.2
    assert np.abs(um / RED_CELL_UM - 1).max() < 0.125


def test_labs_are_dealt_out_within_each_class_so_that_they_tell_nothing() -> None:
    """Every class has as many patients of each lab, and a patient has one lab."""
    dataset = Smears.create(per_class=8, patients=32, labs=("all_pbs", "bccd", "pbc", "pink"))
    labs, of_patient = defaultdict(lambda: defaultdict(set)), defaultdict(set)
    for sample in dataset.samples():
        width = round(dataset.pixel_size_um(sample), 6)
        labs[sample.label][width].add(sample.group)
        of_patient[sample.group].add(width)
    # bccd and pbc see fields of one size.
    assert all(sorted(len(patients) for patients in widths.values()) == [2, 2, 4] for widths in labs.values())
    assert all(len(widths) == 1 for widths in of_patient.values())


@pytest.mark.parametrize("lab", LAB_NAMES)
def test_every_lab_shows_dark_nuclei_on_bright_glass(lab: str) -> None:
    """In green: nucleus < cytoplasm < glass, and red cells below glass."""
    dataset = Smears.create(per_class=3, labs=(lab,), seed=2)
    for sample in dataset.samples()[::3]:
        image, truth = dataset.render(sample)[:, :, 1].astype(float), dataset.truth(sample)
        glass = np.median(image[(truth.cell == 0) & (truth.red_cell == 0)])
        assert image[truth.nucleus > 0].mean() < image[truth.cytoplasm].mean() < glass, sample.id
        red = truth.red_cell > 0
        assert not red.any() or image[red].mean() < glass, sample.id


def test_labs_look_different() -> None:
    """The color of the glass alone tells labs apart."""
    glass = []
    for lab in LAB_NAMES:
        dataset = Smears.create(per_class=3, labs=(lab,), size=64)
        images = [dataset.render(sample).reshape(-1, 3) for sample in dataset.samples()]
        glass.append(np.median([np.percentile(image, 75, axis=0) for image in images], axis=0))
    apart = [np.abs(a - b).max() for i, a in enumerate(glass) for b in glass[:i]]
    assert min(apart) > 12


# ---- cells


@pytest.mark.parametrize("params", [{}, {"labs": ("bccd",)}, {"scale_bars": "all"}], ids=str)
def test_the_table_of_cells_says_what_the_masks_hold(params: dict[str, object]) -> None:
    """Ids, areas, centers and border status are those of the label images, for each role."""
    dataset = Smears.create(per_class=3, seed=4, **params)
    for sample in dataset.samples()[::4]:
        truth, cells = dataset.truth(sample), dataset.cells(sample)
        for role in (CELL, RED_CELL, PLATELET):
            labels = truth.roles[role]
            ours = [cell for cell in cells if cell.role == role]
            assert [cell.id for cell in ours] == list(range(1, int(labels.max()) + 1))
            for cell in ours[::5]:
                rows, columns = np.nonzero(labels == cell.id)
                assert cell.area_px == len(rows)
                assert (cell.x, cell.y) == pytest.approx((columns.mean(), rows.mean()))
                rim = {0, dataset.params.size - 1}
                assert cell.whole == rim.isdisjoint([*rows, *columns])
                if role == CELL:
                    assert cell.nucleus_area_px == (truth.nucleus == cell.id).sum() > 0


def test_the_share_of_other_kinds_is_what_was_asked_for() -> None:
    """0 gives cells of the class alone, 1 none of it, and in between each field keeps one."""
    for share in (0.0, 0.3, 1.0):
        dataset = Smears.create(per_class=12, bystanders=share, seed=9, classes=("Benign", "Pre"))
        cells = table(dataset)
        white = cells[cells.role == CELL]
        own = white[~white.kind.isin(KINDS)]
        assert set(own.kind) == (set() if share == 1.0 else {"Benign", "Pre"})
        assert (white.kind.isin(KINDS)).mean() == pytest.approx(share, abs=0.15)
        if share < 1:
            assert own["sample"].nunique() == len(dataset.samples())


def test_kinds_differ_as_textbooks_say(others: Smears) -> None:
    """All are drawn; lymphocytes are smallest with the most nucleus, monocytes largest."""
    white = table(others).query("role == 'cell' and whole")
    assert set(white.kind) == KINDS
    area = white.groupby("kind").area_px.median()
    share = (white.nucleus_area_px / white.area_px).groupby(white.kind).median()
    assert area.idxmin() == "lymphocyte"
    assert area.idxmax() == "monocyte"
    assert share.idxmax() == "lymphocyte"
    assert share["lymphocyte"] > 0.6 > share["monocyte"] > 0.3


def test_eosin_is_in_the_granules_of_eosinophils(others: Smears) -> None:
    """Their cytoplasm is redder than that of all other kinds."""
    redness = defaultdict(list)
    for sample in others.samples():
        image, truth = others.render(sample).astype(float), others.truth(sample)
        for cell in others.cells(sample):
            plasma = (truth.cell == cell.id) & (truth.nucleus == 0)
            if cell.role == CELL and plasma.sum() > 50:
                redness[cell.kind].append((image[plasma, 0] - image[plasma, 1]).mean())
    means = {kind: np.mean(values) for kind, values in redness.items()}
    assert max(means, key=means.__getitem__) == "eosinophil"


def test_platelets_are_small_dark_and_nobodys_cell() -> None:
    """They have a role of their own, lie beside white cells, and are specks below a red cell's size."""
    dataset = Smears.create(per_class=12, labs=("pbc", "all_pbs"), seed=6)
    darker, sizes = [], []
    for sample in dataset.samples():
        truth = dataset.truth(sample)
        platelet = truth.roles[PLATELET]
        assert not ((platelet > 0) & (truth.cell > 0)).any()
        bare = (platelet > 0) & (truth.red_cell == 0)
        if not bare.any():
            continue
        green = dataset.render(sample)[:, :, 1].astype(float)
        glass = np.median(green[(truth.cell == 0) & (truth.red_cell == 0) & (platelet == 0)])
        darker.append(glass - green[bare].mean())
        sizes += [
            2 * np.sqrt(cell.area_px / np.pi) / dataset.red_cell_px(sample)
            for cell in dataset.cells(sample)
            if cell.role == PLATELET and cell.whole
        ]
    assert len(sizes) > 30
    assert np.median(darker) > 25
    assert 0.1 < np.median(sizes) < 0.35
    assert max(sizes) < 0.6


# ---- the stand-in


def test_the_stand_in_tests_six_patients_of_each_class() -> None:
    """Where all-pbs is absent, intervals by patient have patients to rest on."""
    for dataset in (Smears.create(per_class=90), Smears.create()):
        parts = dataset.splits()[dataset.default_split()]
        tested = defaultdict(set)
        for sample in dataset.samples():
            if parts[sample.id] is Part.TEST:
                tested[sample.label].add(sample.group)
        assert {label: len(patients) for label, patients in tested.items()} == dict.fromkeys(
            ["Benign", "Early", "Pre", "Pro"], 6
        )


# ---- mistakes


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"labs": ("pbc", "pbc")}, "each lab can be named once; got pbc, pbc"),
        ({"labs": ("pcb",)}, "'all_pbs', 'bccd', 'pbc'"),
        ({"labs": ("pbc",), "stain_confound": 1.0}, "stain_confound gives each class the stain .* all_pbs"),
        (
            {"labs": ("pbc",), "size": 1024, "magnification": 4},
            "red cells would measure 891 px, more than",
        ),
    ],
)
def test_labs_that_cannot_be_are_refused(params: dict[str, object], message: str) -> None:
    """The message says what was expected."""
    with pytest.raises(ValidationError, match=message):
        Smears.create(**params)


@pytest.mark.parametrize("method", ["cells", "red_cell_px", "pixel_size_um"])
def test_the_truth_of_a_foreign_sample_is_refused(method: str) -> None:
    """The message names the id."""
    with pytest.raises(DataError, match="no sample 'Late/x'"):
        getattr(Smears.create(per_class=3), method)(Sample(id="Late/x"))
