"""Synthetic smears: the same pixels always, truth that fits them, classes that differ in morphology."""

from __future__ import annotations

from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from leukokit.api import DataError, Labels, Part, Sample, Status
from leukokit.plugins.datasets.smears import Smears
from leukokit.testing import Check, conformance


@pytest.fixture(scope="module")
def smears() -> Smears:
    return Smears.create(per_class=18, seed=11)


@pytest.fixture(scope="module")
def truths(smears: Smears) -> list[tuple[Sample, Labels]]:
    return [(sample, smears.truth(sample)) for sample in smears.samples()]


@conformance(Smears, per_class=3, size=96)
def test_smears_keep_the_contract_of_data_sets(check: Check) -> None:
    """Every promise of the plugin contract."""
    check()


# ---- the same pixels always


def test_pixels_do_not_depend_on_what_was_rendered_before() -> None:
    """Another instance, another order and several threads give the same bytes."""
    first, second = (Smears.create(per_class=4, size=96) for _ in range(2))
    samples = first.samples()
    forward = {s.id: first.render(s).tobytes() for s in samples}
    backward = {s.id: second.render(s).tobytes() for s in reversed(samples)}
    with ThreadPoolExecutor(4) as pool:
        together = dict(
            zip(
                (s.id for s in samples),
                (image.tobytes() for image in pool.map(Smears.create(per_class=4, size=96).render, samples)),
                strict=True,
            )
        )
    assert forward == backward == together
    assert len(set(forward.values())) == len(samples)


def test_truth_and_picture_may_be_asked_for_in_any_order() -> None:
    """Drawing the truth takes no random number from the image."""
    dataset = Smears.create(per_class=3, size=96)
    sample = dataset.samples()[5]
    before = dataset.render(sample)
    truth = dataset.truth(sample)
    assert np.array_equal(dataset.render(sample), before)
    again = dataset.truth(sample)
    assert all(np.array_equal(again.roles[role], labels) for role, labels in truth.roles.items())


def test_another_seed_gives_other_smears() -> None:
    """The seed reaches the pixels."""
    one, other = (Smears.create(per_class=3, size=64, seed=seed) for seed in (1, 2))
    sample = one.samples()[0]
    assert not np.array_equal(one.render(sample), other.render(sample))


def test_samples_come_by_class_in_the_order_that_was_asked_for() -> None:
    """The parameter says which classes there are and in what order."""
    labels = [sample.label for sample in Smears.create(per_class=3, classes=("Pro", "Benign")).samples()]
    assert labels == ["Pro"] * 3 + ["Benign"] * 3


def test_a_field_stays_the_same_when_the_data_set_grows() -> None:
    """Where the patient is the same, more images a class leave the earlier ones as they were."""
    few, many = (Smears.create(per_class=n, size=64, patients=12) for n in (3, 6))
    sample = few.samples()[0]
    assert sample in many.samples()
    assert np.array_equal(few.render(sample), many.render(sample))


# ---- truth fits the pixels


def test_nuclei_are_darker_than_their_surroundings_and_lie_inside_their_cells(
    smears: Smears, truths: list[tuple[Sample, Labels]]
) -> None:
    """In every field: nucleus < cytoplasm < empty slide in green; ids of nucleus and cell are the same."""
    for sample, truth in truths[::3]:
        green = smears.render(sample)[:, :, 1].astype(float)
        inside = truth.nucleus > 0
        empty = (truth.cell == 0) & (truth.red_cell == 0)
        assert green[inside].mean() < green[truth.cytoplasm].mean() < np.median(green[empty]), sample.id
        assert np.array_equal(truth.cell[inside], truth.nucleus[inside]), sample.id
        assert set(np.unique(truth.nucleus)) == set(np.unique(truth.cell)), sample.id


def test_a_nucleus_mask_is_where_the_picture_is_darkest() -> None:
    """With one stain for all, one threshold on green tells nucleus from cytoplasm as the masks do."""
    dataset = Smears.create(per_class=6, red_cells=0, stain_by_patient=0)
    overlaps = []
    for sample in dataset.samples():
        truth = dataset.truth(sample)
        seen = (cv2.GaussianBlur(dataset.render(sample)[:, :, 1], (0, 0), 1.0) < 165) & (truth.cell > 0)
        nucleus = truth.nucleus > 0
        overlaps.append(2 * (seen & nucleus).sum() / (seen.sum() + nucleus.sum()))
    assert np.median(overlaps) > 0.93
    assert min(overlaps) > 0.8


def test_red_cells_have_ids_of_their_own_and_lie_under_white_cells(
    smears: Smears, truths: list[tuple[Sample, Labels]]
) -> None:
    """Red-cell labels avoid white cells, are stained, and are as many as their highest id."""
    for sample, truth in truths[::9]:
        red = truth.red_cell > 0
        assert not (red & (truth.cell > 0)).any()
        assert len(np.unique(truth.red_cell)) - 1 == truth.red_cell.max() > 20
        picture = smears.render(sample)[:, :, 0].astype(float)
        assert picture[red].mean() < picture[~red & (truth.cell == 0)].mean(), sample.id


def test_ids_have_no_gaps_and_every_field_has_a_whole_cell(truths: list[tuple[Sample, Labels]]) -> None:
    """Ids run 1, 2, 3 ...; one cell at least does not touch the border."""
    for sample, truth in truths:
        ids = np.unique(truth.cell)
        assert ids.tolist() == list(range(truth.count + 1))
        assert truth.status is Status.OK
        inner = truth.cell.copy()
        rim = np.unique(np.concatenate([inner[0], inner[-1], inner[:, 0], inner[:, -1]]))
        assert set(ids.tolist()) - set(rim.tolist()), f"{sample.id}: every cell touches the border"


def test_a_field_without_red_cells_is_possible() -> None:
    """Zero red cells give an empty label image and still an image."""
    dataset = Smears.create(per_class=3, size=64, red_cells=0)
    sample = dataset.samples()[0]
    assert not dataset.truth(sample).red_cell.any()
    assert dataset.render(sample).shape == (64, 64, 3)


# ---- classes


def _by_class(truths: list[tuple[Sample, Labels]]) -> dict[str, tuple[float, float]]:
    """Give the mean N/C ratio and mean area of white cells by class."""
    by_class = defaultdict(list)
    for sample, truth in truths:
        area = np.bincount(truth.cell.ravel())[1:]
        nucleus = np.bincount(truth.nucleus.ravel(), minlength=len(area) + 1)[1:]
        by_class[sample.label].append(((nucleus / area).mean(), area.mean()))
    return {str(label): tuple(np.mean(values, axis=0)) for label, values in by_class.items()}


@pytest.mark.parametrize("seed", [11, 281])
def test_classes_differ_in_morphology_in_the_stated_direction(seed: int) -> None:
    """N/C ratio rises Benign < Pre < Early < Pro, area Benign < Pro < Early < Pre."""
    dataset = Smears.create(per_class=18, seed=seed)
    by_class = _by_class([(sample, dataset.truth(sample)) for sample in dataset.samples()])
    assert sorted(by_class, key=lambda label: by_class[label][0]) == ["Benign", "Pre", "Early", "Pro"]
    assert sorted(by_class, key=lambda label: by_class[label][1]) == ["Benign", "Pro", "Early", "Pre"]


def _color_accuracy(**params: float) -> float:
    """Accuracy of six Lab numbers on patients unseen in training."""
    from sklearn.model_selection import StratifiedGroupKFold, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    dataset = Smears.create(per_class=24, size=96, patients=48, **params)
    samples = dataset.samples()
    table = []
    for sample in samples:
        lab = cv2.cvtColor(dataset.render(sample), cv2.COLOR_RGB2LAB).reshape(-1, 3)
        table.append(np.r_[lab.mean(axis=0), lab.std(axis=0)])
    model = make_pipeline(StandardScaler(), SVC(C=10))
    folds = StratifiedGroupKFold(4, shuffle=True, random_state=0)
    groups = [sample.group for sample in samples]
    labels = [sample.label for sample in samples]
    return float(cross_val_score(model, np.array(table), labels, groups=groups, cv=folds).mean())


def test_color_gives_classes_away_only_when_asked_to() -> None:
    """Six Lab numbers tell little by default, and nearly all where the stain is confounded on purpose."""
    assert _color_accuracy() < 0.55
    assert _color_accuracy(stain_confound=1.0) > 0.85


def test_stain_varies_between_patients_and_hardly_within() -> None:
    """Background color differs more between patients than between fields of one; at 0 it stays the same."""

    def spread(strength: float) -> tuple[float, float]:
        dataset = Smears.create(per_class=12, size=64, patients=12, stain_by_patient=strength)
        by_patient = defaultdict(list)
        for sample in dataset.samples():
            by_patient[sample.group].append(np.percentile(dataset.render(sample)[:, :, 2], 60))
        means = [np.mean(values) for values in by_patient.values()]
        return float(np.std(means)), float(np.mean([np.std(values) for values in by_patient.values()]))

    between, within = spread(1.0)
    assert between > 1.5 * within
    assert spread(0.0)[0] < 0.5 * between


# ---- patients and split


@settings(max_examples=40, deadline=None)
@given(
    per_class=st.integers(3, 40),
    patients=st.integers(12, 60),
    seed=st.integers(0, 2**32),
)
def test_every_class_is_in_every_part_and_no_patient_straddles(
    per_class: int, patients: int, seed: int
) -> None:
    """Whatever the numbers: patients keep to one part and one class, and no class lacks a part."""
    dataset = Smears.create(per_class=per_class, patients=patients, seed=seed)
    samples = dataset.samples()
    parts = dataset.splits()[dataset.default_split()]
    assert set(parts) == {sample.id for sample in samples}
    where, whose, seen = defaultdict(set), defaultdict(set), defaultdict(set)
    for sample in samples:
        where[sample.group].add(parts[sample.id])
        whose[sample.group].add(sample.label)
        seen[sample.label].add(parts[sample.id])
    assert all(len(parts) == 1 for parts in where.values())
    assert all(len(labels) == 1 for labels in whose.values())
    assert all(parts == set(Part) for parts in seen.values())


def test_parts_are_about_60_20_20() -> None:
    """With five patients a class the parts are exactly 60, 20 and 20 percent."""
    dataset = Smears.create(per_class=20, patients=20)
    counts = Counter(dataset.splits()["default"].values())
    assert counts == {Part.TRAIN: 48, Part.VALIDATION: 16, Part.TEST: 16}


# ---- scale bars, sizes, JPEG


def _corner_change(size: int = 224, **params: str) -> dict[str, list[np.ndarray]]:
    plain, barred = Smears.create(per_class=6, size=size), Smears.create(per_class=6, size=size, **params)
    changes = defaultdict(list)
    for sample in plain.samples():
        difference = barred.render(sample).astype(int) - plain.render(sample)
        changes[str(sample.label)].append(np.abs(difference).max(axis=2) > 0)
    return changes


def test_a_scale_bar_is_burned_into_the_corner_when_asked_for() -> None:
    """All fields have one, in the bottom-right corner and nowhere else."""
    for label, changes in _corner_change(scale_bars="all").items():
        for changed in changes:
            rows, columns = np.nonzero(changed)
            assert rows.size > 30, label
            assert rows.min() >= 224 - 20
            assert columns.min() >= 224 - 31


def test_scale_bars_by_class_give_the_class_away() -> None:
    """Each class has one footprint of its own; Pro has no bar at all."""
    changes = _corner_change(scale_bars="by_class")
    assert not any(changed.any() for changed in changes["Pro"])
    boxes = {
        label: {int(np.nonzero(c)[1].min()) for c in values}
        for label, values in changes.items()
        if label != "Pro"
    }
    assert all(len(box) <= 2 for box in boxes.values())
    assert np.mean(changes["Benign"], axis=(0, 1, 2)) > 1.5 * np.mean(changes["Pre"], axis=(0, 1, 2))


def test_truth_knows_nothing_under_a_scale_bar() -> None:
    """No label remains where a boxed bar hides the smear."""
    dataset = Smears.create(per_class=8, scale_bars="by_class", classes=("Benign", "Early"))
    for sample in dataset.samples():
        for labels in dataset.truth(sample).roles.values():
            assert not labels[-18:, -29:].any()


@pytest.mark.parametrize("size", [64, 65, 97, 224, 512])
def test_any_size_shows_the_same_field(size: int) -> None:
    """A larger image is the same scene in more px: as many white cells, the same share of the area."""
    dataset, reference = Smears.create(per_class=3, size=size), Smears.create(per_class=3)
    for sample in dataset.samples()[::4]:
        image, truth, other = dataset.render(sample), dataset.truth(sample), reference.truth(sample)
        assert image.shape == (size, size, 3)
        assert image.dtype == np.uint8
        assert all(labels.shape == (size, size) for labels in truth.roles.values())
        assert abs(truth.count - other.count) <= 1
        assert (truth.cell > 0).mean() == pytest.approx((other.cell > 0).mean(), rel=0.12)


@settings(max_examples=12, deadline=None)
@given(
    size=st.integers(64, 130),
    aspect=st.floats(0.5, 2.0),
    white_cells=st.floats(1, 40),
    red_cells=st.floats(0, 400),
    stain=st.floats(0, 1.5),
    bars=st.sampled_from(["none", "all", "by_class"]),
)
def test_all_parameters_in_their_bounds_give_a_smear(
    size: int, aspect: float, white_cells: float, red_cells: float, stain: float, bars: str
) -> None:
    """Picture and truth of the right shape at the ends of every range."""
    dataset = Smears.create(
        per_class=3,
        size=size,
        aspect=aspect,
        white_cells=white_cells,
        red_cells=red_cells,
        stain_by_patient=stain,
        scale_bars=bars,
    )
    for sample in dataset.samples()[::5]:
        image = dataset.render(sample)
        assert image.shape == (size, size, 3)
        assert image.std() > 2
        assert dataset.truth(sample).count >= 1


def test_jpeg_quality_leaves_artifacts() -> None:
    """A pass through JPEG changes pixels a little, more at lower quality; 0 changes none."""
    sample = Smears.create(per_class=3).samples()[0]
    plain, fine, coarse = (
        Smears.create(per_class=3, jpeg_quality=q).render(sample).astype(int) for q in (0, 95, 30)
    )
    assert 0 < np.abs(fine - plain).mean() < np.abs(coarse - plain).mean() < 12


# ---- mistakes


def test_too_few_patients_are_refused_with_the_number_needed() -> None:
    """The message says how many patients there must be, and why."""
    with pytest.raises(ValidationError, match=r"8 patients are too few for 4 classes.*so 12 in all"):
        Smears.create(patients=8)


def test_a_class_named_twice_is_refused() -> None:
    """The message shows what was given."""
    with pytest.raises(ValidationError, match="each class can be named once; got Pro, Pro"):
        Smears.create(classes=("Pro", "Pro"))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"size": 63}, "greater than or equal to 64"),
        ({"per_class": 2}, "greater than or equal to 3"),
        ({"stain_confound": 1.1}, "less than or equal to 1"),
        ({"scale_bars": "some"}, "'none', 'all' or 'by_class'"),
        ({"classes": ("Late",)}, "'Benign', 'Early', 'Pre' or 'Pro'"),
    ],
)
def test_values_out_of_range_are_refused(params: dict[str, object], message: str) -> None:
    """The message names the bound."""
    with pytest.raises(ValidationError, match=message):
        Smears.create(**params)


@pytest.mark.parametrize("method", ["render", "truth"])
def test_a_sample_of_another_data_set_is_refused(method: str) -> None:
    """The message names the id and those there are."""
    dataset = Smears.create(per_class=3)
    with pytest.raises(DataError, match=r"no sample 'Late/x' .*Benign/smear-0001 to Pro/smear-0003"):
        getattr(dataset, method)(Sample(id="Late/x"))
