"""Folds: parts are disjoint, groups whole, blocks contiguous, fractions met, draws independent of order."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from typing import Literal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from leukokit.api import DataError, Part
from leukokit.evaluation.split_rules import (
    Balancing,
    BlockSplit,
    FixedSplit,
    FoldSplit,
    RandomSplit,
    SplitRule,
)
from leukokit.evaluation.splits import Fold, make_folds

RANDOM = RandomSplit(test=0.2, validation=0.2)
BLOCKS = BlockSplit(test=0.2, validation=0.2)


@dataclass(frozen=True)
class Samples:
    """Samples in file order."""

    ids: list[str]
    labels: list[str]
    groups: list[str]
    label_of: dict[str, str] = field(init=False)
    group_of: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "label_of", dict(zip(self.ids, self.labels, strict=True)))
        object.__setattr__(self, "group_of", dict(zip(self.ids, self.groups, strict=True)))

    def folds(self, rule: SplitRule, *, seed: int = 281) -> tuple[Fold, ...]:
        """Divide them."""
        return make_folds(rule, ids=self.ids, labels=self.labels, groups=self.groups, seed=seed)


def singles(**counts: int) -> Samples:
    """Make samples of each class, each a group of its own."""
    pairs = [(f"{name}/{i:03d}", name) for name, n in counts.items() for i in range(n)]
    ids, labels = [id_ for id_, _ in pairs], [name for _, name in pairs]
    return Samples(ids, labels, ids)


@st.composite
def grouped(draw: st.DrawFn, *, across_classes: bool = False) -> Samples:
    """Draw samples of two to four classes in groups of one to four that may reach far and across classes."""
    ids, labels, groups = [], [], []
    for name in "ABCD"[: draw(st.integers(2, 4))]:
        sizes = draw(st.lists(st.integers(1, 4), min_size=8, max_size=25))
        members = [
            f"{'' if across_classes else name}{g}" for g, size in enumerate(sizes) for _ in range(size)
        ]
        if draw(st.booleans()):
            members = draw(st.permutations(members))
        for i, group in enumerate(members):
            ids.append(f"{name}/{i}")
            labels.append(name)
            groups.append(group)
    return Samples(ids, labels, groups)


def counts(fold: Fold, samples: Samples) -> dict[Part, Counter[str]]:
    """Count the samples of each class in each part."""
    in_parts: dict[Part, Counter[str]] = defaultdict(Counter)
    for id_, part in fold.parts.items():
        in_parts[part][samples.label_of[id_]] += 1
    return in_parts


def straddling(fold: Fold, samples: Samples) -> set[str]:
    """Find groups that lie in more than one part."""
    parts_of: dict[str, set[Part]] = defaultdict(set)
    for id_, part in fold.parts.items():
        parts_of[samples.group_of[id_]].add(part)
    return {group for group, parts in parts_of.items() if len(parts) > 1}


RULES: list[SplitRule] = [
    RANDOM,
    RandomSplit(test=0.3, validation=0),
    BLOCKS,
    replace(BLOCKS, order=(Part.TEST, Part.TRAIN, Part.VALIDATION)),
    FoldSplit(folds=4, by="group"),
    FoldSplit(folds=3, by="group", validation=0.2),
    FoldSplit(folds=4, by="blocks", validation=0.1),
]


@settings(max_examples=40, deadline=None)
@given(grouped(), st.integers(0, 2**32 - 1))
@pytest.mark.parametrize("rule", RULES, ids=str)
def test_groups_stay_together_and_every_class_is_in_every_part(
    rule: SplitRule, samples: Samples, seed: int
) -> None:
    """No group straddles parts; training has every class, and so has each part that is drawn."""
    try:
        folds = samples.folds(rule, seed=seed)
    except DataError:
        # Groups drawn at random may make a division impossible; that is then said, and tested below.
        assume(False)
    classes = set(samples.labels)
    for fold in folds:
        assert set(fold.parts) <= set(samples.ids)
        assert straddling(fold, samples) == set()
        in_parts = counts(fold, samples)
        assert set(in_parts[Part.TRAIN]) == classes
        if isinstance(rule, RandomSplit):
            assert all(set(inside) == classes for inside in in_parts.values())
            assert set(fold.parts) == set(samples.ids)
            assert len(in_parts) == (2 if rule.validation == 0 else 3)


@settings(max_examples=25, deadline=None)
@given(grouped(across_classes=True))
@pytest.mark.parametrize("rule", [RANDOM, BLOCKS], ids=str)
def test_groups_of_several_classes_stay_together(rule: SplitRule, samples: Samples) -> None:
    """A patient with images of two classes lies in one part."""
    try:
        (fold,) = samples.folds(rule)
    except DataError:
        assume(False)
    assert straddling(fold, samples) == set()


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.sampled_from("ABCD"), st.integers(3, 60), min_size=1),
    st.floats(0.05, 0.45),
    st.floats(0.05, 0.45),
    st.integers(0, 100),
)
def test_fractions_are_met_to_the_sample(
    sizes: dict[str, int], test: float, validation: float, seed: int
) -> None:
    """Without groups each part has its share of each class within one sample, or at least one sample."""
    samples = singles(**sizes)
    (fold,) = samples.folds(RandomSplit(test, validation), seed=seed)
    in_parts = counts(fold, samples)
    for part, share in ((Part.TEST, test), (Part.VALIDATION, validation)):
        for name, n in sizes.items():
            assert abs(in_parts[part][name] - share * n) <= 1 or in_parts[part][name] == 1


@settings(max_examples=40, deadline=None)
@given(grouped())
def test_fractions_are_near_with_groups(samples: Samples) -> None:
    """With groups of up to four a part misses its share of a class by no more than a few samples."""
    (fold,) = samples.folds(RandomSplit(test=0.25, validation=0.25))
    in_parts = counts(fold, samples)
    for name, n in Counter(samples.labels).items():
        assert abs(in_parts[Part.TEST][name] - 0.25 * n) <= 4
        assert abs(in_parts[Part.VALIDATION][name] - 0.25 * n) <= 4


@settings(max_examples=40, deadline=None)
@given(grouped(), st.permutations(list(Part)), st.booleans())
def test_blocks_are_contiguous_in_the_order_asked_for(
    samples: Samples, order: list[Part], group: bool
) -> None:
    """In the file order of each class each part is one block, whatever the groups make it leave out."""
    first, second, last = order
    try:
        (fold,) = samples.folds(replace(BLOCKS, order=(first, second, last), group=group))
    except DataError:
        assume(False)
    for name in set(samples.labels):
        kept = [fold.parts[id_] for id_ in samples.ids if samples.label_of[id_] == name and id_ in fold.parts]
        places = [order.index(part) for part in kept]
        assert places == sorted(places)
        n = samples.labels.count(name)
        if not group:
            assert len(kept) == n
        # The test part never gives anything away: training and validation do.
        assert abs(kept.count(Part.TEST) - 0.2 * n) <= 1


def test_blocks_leave_out_of_training_what_the_test_part_shares() -> None:
    """A group across a cut stays with the test part; its other members are in no part."""
    ids = [f"a/{i}" for i in range(10)]
    groups = list(ids)
    groups[0] = groups[8] = "again"  # a field that was photographed twice
    samples = Samples(ids, ["a"] * 10, groups)
    (fold,) = samples.folds(BlockSplit(test=0.2, validation=0))
    assert fold.ids(Part.TEST) == ("a/8", "a/9")
    assert fold.ids(Part.TRAIN) == tuple(ids[1:8])
    (whole,) = samples.folds(BlockSplit(test=0.2, validation=0, group=False))
    assert whole.ids(Part.TRAIN) == tuple(ids[:8])


@settings(max_examples=20, deadline=None)
@given(grouped(), st.integers(2, 5), st.sampled_from(["random", "group", "blocks"]), st.booleans())
def test_kfold_tests_every_sample_once(
    samples: Samples, folds: int, by: Literal["random", "group", "blocks"], stratify: bool
) -> None:
    """The test parts of the folds are a partition of the samples."""
    try:
        made = samples.folds(FoldSplit(folds, by, stratify))
    except DataError:
        assume(False)
    tested = [id_ for fold in made for id_ in fold.ids(Part.TEST)]
    assert sorted(tested) == sorted(samples.ids)
    assert [fold.name for fold in made] == [f"fold-{i + 1}" for i in range(folds)]


def test_kfold_blocks_are_contiguous_fifths() -> None:
    """Each test part is a fifth of the file order of each class; validation follows it in a circle."""
    samples = singles(a=20, b=10)
    made = samples.folds(FoldSplit(folds=5, by="blocks", validation=0.1))
    for i, fold in enumerate(made):
        assert [id_ for id_ in fold.ids(Part.TEST) if id_ < "b"] == samples.ids[4 * i : 4 * i + 4]
        follow = [(4 * i + 4) % 20, (4 * i + 5) % 20]
        assert sorted(id_ for id_ in fold.ids(Part.VALIDATION) if id_ < "b") == [
            samples.ids[k] for k in sorted(follow)
        ]
        assert len(fold.parts) == 30


@pytest.mark.parametrize("rule", [rule for rule in RULES if isinstance(rule, RandomSplit)], ids=str)
def test_draws_do_not_depend_on_the_order_of_samples(rule: SplitRule) -> None:
    """The same samples in another order get the same parts; another seed gives others."""
    samples = singles(a=40, b=25)
    turned = Samples(samples.ids[::-1], samples.labels[::-1], samples.groups[::-1])
    (fold,), (again,), (other,) = (
        samples.folds(rule),
        turned.folds(rule),
        samples.folds(rule, seed=282),
    )
    assert dict(fold.parts) == dict(again.parts)
    assert dict(fold.parts) != dict(other.parts)


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_the_same_call_gives_the_same_folds(rule: SplitRule) -> None:
    """Everything is decided by the arguments."""
    samples = singles(a=40, b=25, c=30)
    assert samples.folds(rule) == samples.folds(rule)


@settings(max_examples=30, deadline=None)
@given(
    st.dictionaries(st.sampled_from("ABCD"), st.integers(12, 60), min_size=2),
    st.sampled_from(["smallest", 5]),
    st.sampled_from(["training", "before_split"]),
)
def test_balancing_is_exact(
    sizes: dict[str, int], to: int | Literal["smallest"], when: Literal["training", "before_split"]
) -> None:
    """Every class has the same number in training, or among all samples, and other parts are untouched."""
    samples = singles(**sizes)
    (fold,) = samples.folds(replace(RANDOM, balancing=Balancing(to, when)))
    (unbalanced,) = samples.folds(RANDOM)
    in_parts = counts(fold, samples)
    if when == "training":
        before = counts(unbalanced, samples)
        expected = min(before[Part.TRAIN].values()) if to == "smallest" else to
        assert set(in_parts[Part.TRAIN].values()) == {expected}
        assert in_parts[Part.TEST] == before[Part.TEST]
        assert in_parts[Part.VALIDATION] == before[Part.VALIDATION]
    else:
        expected = min(sizes.values()) if to == "smallest" else to
        total = sum(in_parts.values(), Counter())
        assert set(total.values()) == {expected}
        assert set(total) == set(sizes)


def test_balancing_chooses_by_id_alone() -> None:
    """Which samples are kept does not depend on the order, nor on samples of other classes."""
    parts = {f"a/{i:03d}": Part.TRAIN for i in range(40)}
    rule = FixedSplit("all", parts, Balancing(10, "training"))
    samples = singles(a=40)
    turned = Samples(samples.ids[::-1], samples.labels[::-1], samples.groups[::-1])
    more = singles(a=40, b=12)
    with_b = replace(rule, parts={**parts, **{f"b/{i:03d}": Part.TRAIN for i in range(12)}})
    (first,), (second,), (third,) = samples.folds(rule), turned.folds(rule), more.folds(with_b)
    assert set(first.parts) == set(second.parts) == {id_ for id_ in third.parts if id_ < "b"}
    assert len(first.parts) == 10


def test_balancing_to_more_than_there_is_names_the_class() -> None:
    """A number beyond the smallest class is an error with class and count."""
    with pytest.raises(DataError, match="class 'b' has 12 samples in the training part, fewer than the 30"):
        singles(a=100, b=20).folds(replace(RANDOM, balancing=Balancing(30, "training")))


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (RANDOM, r"class 'b' has 2 samples, too few for 3 parts \(train, validation, test\)"),
        (BLOCKS, "class 'b' has 2 samples, too few for 3 blocks"),
        (FoldSplit(folds=3, by="group"), "class 'b' has 2 samples, too few for 3 folds"),
        (FoldSplit(folds=3, by="blocks"), "class 'b' has 2 samples, too few for 3 blocks"),
    ],
)
def test_a_class_too_small_to_split_is_named_with_its_count(rule: SplitRule, said: str) -> None:
    """One class of two images cannot be in three parts."""
    with pytest.raises(DataError, match=said):
        make_folds(
            rule,
            ids=[f"{i}" for i in range(22)],
            labels=["a"] * 20 + ["b"] * 2,
            seed=1,
        )


def test_few_groups_are_too_few_however_many_samples() -> None:
    """Ten images of two patients cannot be in three parts."""
    samples = Samples([str(i) for i in range(30)], ["a"] * 20 + ["b"] * 10, [f"p{i // 5}" for i in range(30)])
    with pytest.raises(DataError, match="class 'b' has 10 samples in 2 groups, too few for 3 parts"):
        samples.folds(RANDOM)
    (fold,) = samples.folds(replace(RANDOM, group=False))
    assert len(fold.parts) == 30


def test_groups_that_cannot_be_spread_are_an_error() -> None:
    """Three patients who share each class by twos cannot be in two parts that both have each class."""
    samples = Samples(list("123456"), list("abacbc"), list("ppqqrr"))
    with pytest.raises(DataError, match=r"has 2 samples in 2 groups that cannot be spread over 2 parts"):
        samples.folds(RandomSplit(test=0.5, validation=0))


def test_fixed_splits_leave_out_what_they_do_not_name() -> None:
    """Samples beyond the split, and entries without a sample, are in no part."""
    parts = {"a/000": Part.TRAIN, "a/001": Part.TEST, "gone": Part.TRAIN}
    (fold,) = singles(a=5).folds(FixedSplit("paper", parts))
    assert (fold.name, dict(fold.parts)) == ("paper", {"a/000": Part.TRAIN, "a/001": Part.TEST})


def test_a_split_without_training_is_an_error() -> None:
    """A part that was left empty, and a class that is only tested, are told."""
    with pytest.raises(DataError, match="split t: the train part is empty"):
        singles(a=5).folds(FixedSplit("t", {"a/000": Part.TEST}))
    parts = {"a/000": Part.TRAIN, "b/000": Part.TEST, "b/001": Part.TEST}
    with pytest.raises(DataError, match="class 'b' has 2 samples and none of them is in the training part"):
        singles(a=5, b=5).folds(FixedSplit("t", parts))
    with pytest.raises(DataError, match="none of the samples is in split 't'"):
        singles(a=5).folds(FixedSplit("t", {"x": Part.TRAIN}))


def test_ids_must_be_unique() -> None:
    """Two samples of one id could not be told apart in a run's tables."""
    with pytest.raises(DataError, match="two samples have the id 'x'"):
        make_folds(RANDOM, ids=["x", "x"], labels=["a", "a"], seed=0)
