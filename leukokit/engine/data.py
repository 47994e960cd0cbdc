"""Open the data set of a recipe: stand-ins, duplicates and folds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from leukokit.api import DataError, Dataset, ImageRejected, Sample
from leukokit.engine.cache.keys import dataset_identity, identity_key
from leukokit.engine.cell_samples.division import rule_for_cells
from leukokit.engine.cell_samples.samples import ask_cells
from leukokit.engine.components.call import ComponentCall, call_method
from leukokit.engine.dataset_answers import ask, checked_samples
from leukokit.engine.doctor.data import refuse_wrong_variable
from leukokit.engine.execution.protocol import Executor
from leukokit.engine.images.plan import Item
from leukokit.engine.io.reading import CHANGED, ReadOptions, pixels, region_key
from leukokit.engine.io.sample_files import read_group_file
from leukokit.engine.observer import Observer
from leukokit.engine.split_rule import split_rule
from leukokit.evaluation.connected import connected
from leukokit.evaluation.splits import Fold, make_folds
from leukokit.recipe import Bound, Recipe
from leukokit.recipe.split import FromFile, Holdout, Named, SplitSpec

SYNTHETIC_STAMP = "SYNTHETIC SMEARS, NOT REAL DATA"


@dataclass(frozen=True)
class OpenData:
    """An available data set, with its samples and their digests.

    Attributes
    ----------
    stamp : str or None
        Drawn on and written into every output where the images are synthetic.
    stood_in : bool
        True where another data set stands in for the one asked for.
    notes : tuple of str
        What the data set says of its images, such as how folders were read.
    fields : mapping of sample id to Item
        The whole images, where the items are cells of them; empty where they are images.
    """

    dataset: Dataset
    name: str
    items: tuple[Item, ...]
    stamp: str | None
    stood_in: bool
    notes: tuple[str, ...] = ()
    fields: Mapping[str, Item] = field(default_factory=dict)

    @property
    def source(self) -> str:
        """Where images without a file come from, as tables show it: the data set, or what it renders."""
        return f"synthetic:{self.name}" if self.dataset.synthetic else self.name


def open_data(recipe: Recipe, *, executor: Executor, observer: Observer, conflicts: bool = False) -> OpenData:
    """Find the data set, or its stand-in, and read the digest of every image.

    Parameters
    ----------
    executor : Executor
        Takes the digests.
    conflicts : bool
        Allow one picture in two classes: an audit reports it.

    Raises
    ------
    DataError
        Where the data set is missing and the recipe lets none stand in, is empty, or has one picture in two
        classes.
    """
    bound = recipe.data
    identity = identity_key(bound)
    answers = ask(bound, executor, observer)
    refuse_wrong_variable()
    stood_in = answers.missing is not None
    if answers.missing is not None:
        bound = _stand_in(recipe, answers.missing, observer)
        identity = dataset_identity(bound.component)
        answers = ask(bound, executor, observer)
        if answers.missing is not None:
            raise DataError(answers.missing, where=f"data set {bound.use}, the stand-in")
    dataset, name = bound.component, bound.use
    samples: Sequence[Sample] = answers.samples
    if not samples:
        raise DataError("holds no images", where=f"data set {name}")
    if recipe.model.data.groups is not None:
        samples = regrouped(samples, recipe.model.data.groups, stood_in=stood_in, observer=observer)
    for note in answers.notes:
        observer.warn(f"data set {name}: {note}")
    with ComponentCall(dataset, "fingerprint"):
        keys = executor.content_keys(dataset, identity, samples)
    items = tuple(Item(i, sample, key) for i, (sample, key) in enumerate(zip(samples, keys, strict=True)))
    fields: dict[str, Item] = {}
    if recipe.model.unit.of == "cell":
        fields = {item.sample.id: item for item in items}
        items = _cells(fields, dataset, name, recipe, executor, observer)
    if not conflicts:
        read = recipe.model.data.read
        refuse_conflicts(items, dataset, ReadOptions(bit_depth=read.bit_depth, frame=read.frame))
    stamp = SYNTHETIC_STAMP if dataset.synthetic else None
    return OpenData(dataset, name, items, stamp, stood_in, answers.notes, fields)


def _cells(
    fields: Mapping[str, Item],
    dataset: Dataset,
    name: str,
    recipe: Recipe,
    executor: Executor,
    observer: Observer,
) -> tuple[Item, ...]:
    """Find the cells of the images; the key of a cell is made of that of its image."""
    samples = [item.sample for item in fields.values()]
    found = ask_cells(dataset, name, samples, recipe.model.unit, executor, observer)
    for note in found.notes:
        observer.warn(f"data set {name}: {note}")
    cells = checked_samples(found.samples)
    observer.say(f"{len(cells)} cells in {len(fields)} images of data set {name}")
    return tuple(Item(i, cell, region_key(fields[cell.whole.id].key, cell)) for i, cell in enumerate(cells))


def _stand_in(recipe: Recipe, reason: str, observer: Observer) -> Bound[Dataset]:
    """Give the data set that the recipe lets stand in for its own, and warn of it.

    Raises
    ------
    DataError
        Where it names none.
    """
    name, fallback = recipe.data.use, recipe.fallback
    if fallback is None:
        raise DataError(
            reason.removesuffix("."),
            where=f"data set {name}",
            hint="To try the recipe on rendered smears instead: --data smears",
        )
    observer.warn(f"Data set {name} is not on this machine: {reason}")
    synthetic = fallback.component.synthetic
    what = "SYNTHETIC SMEARS" if synthetic else "OTHER IMAGES"
    text = f"{what} stand in for it (data set {fallback.use}), as data.fallback of the recipe allows."
    stamped = " Every output is stamped; no figure says anything about real blood." if synthetic else ""
    observer.warn(text + stamped)
    return fallback


def regrouped(
    samples: Sequence[Sample], path: Path, *, stood_in: bool, observer: Observer
) -> Sequence[Sample]:
    """Give each sample the group that a CSV file names; a sample that it does not name has no group.

    Parameters
    ----------
    stood_in : bool
        True where other images stand in for those that the file names: the file is then not used.

    Raises
    ------
    DataError
        Where the file cannot be read, or names none of the samples.
    """
    if stood_in:
        observer.warn(f"the groups in {path} belong to the real data; those of the synthetic smears are used")
        return samples
    groups = read_group_file(path)
    known = {sample.id for sample in samples}
    unknown = [name for name in groups if name not in known]
    if len(unknown) == len(groups):
        raise DataError(
            f"none of its {len(groups)} ids is an image of the data set; those look like {samples[0].id!r}",
            where=str(path),
            hint="Write one with 'leukokit audit RECIPE --groups FILE'",
        )
    if unknown:
        observer.warn(f"{len(unknown)} ids of {path} are no images of the data set, such as {unknown[0]!r}")
    return [replace(sample, group=groups.get(sample.id)) for sample in samples]


def refuse_conflicts(items: Sequence[Item], dataset: Dataset, options: ReadOptions) -> None:
    """Raise where one picture, to the byte, carries two labels.

    Equal files that are no pictures, such as a text saved twice as ``.jpg``, are rejected one by one later.
    """
    first: dict[str, Sample] = {}
    unreadable: set[str] = set()
    for item in items:
        if item.sample.label is None:
            continue
        seen = first.setdefault(item.key, item.sample)
        if seen.label == item.sample.label or item.key in unreadable:
            continue
        try:
            pixels(dataset, item.sample, item.key, options)
        except ImageRejected as error:
            # A file that was changed meanwhile may have been a picture: nobody can know.
            if error.reason != CHANGED:
                unreadable.add(item.key)
                continue
        raise DataError(
            f"{seen.id} ({seen.label}) and {item.sample.id} ({item.sample.label}) are the same picture",
            hint="One picture cannot have two classes: remove one of the two, or correct its label",
        )


def make_split(
    recipe: Recipe, data: OpenData, asked: SplitSpec | None, observer: Observer
) -> tuple[SplitSpec, tuple[Fold, ...]]:
    """Divide the labeled samples as asked, or as the data set proposes; returns the split that was used, too.

    Byte-identical pictures count as one group where the split is drawn here. A split that is fixed by name or
    file is kept as it is, and pictures that straddle its parts are counted in a warning.
    """
    labeled = [item for item in data.items if item.sample.label is not None]
    if len(labeled) < len(data.items):
        observer.warn(f"{len(data.items) - len(labeled)} images have no label and belong to no part")
    if not labeled:
        raise DataError(
            "no image has a label, so there is nothing to learn",
            where=f"data set {data.name}",
            hint="Name the class of each image: by its folder, or by a column of a table "
            '(--set "data.params.columns={label: NAME}")',
        )
    spec = _spec(asked, data, observer)
    rule = split_rule(spec, call_method(data.dataset, "splits"), [item.sample for item in labeled])
    divided: Sequence[Item] = labeled
    if data.fields:
        rule, divided = rule_for_cells(rule, labeled)
    groups = merged_groups(divided)
    folds = make_folds(
        rule,
        ids=[item.sample.id for item in labeled],
        labels=[item.sample.label or "" for item in labeled],
        groups=groups,
        seed=recipe.seed,
    )
    straddling = {fold.name: straddling_pictures(labeled, fold) for fold in folds}
    worst = max(straddling, key=lambda name: len(straddling[name]))
    if straddling[worst]:
        a, b = straddling[worst][0]
        fixed = isinstance(spec, Named | FromFile)
        why = "the split is fixed and kept as it is" if fixed else "the recipe draws images one by one"
        observer.warn(
            f"{len(straddling[worst])} pairs of identical pictures lie in two parts of split {worst}, "
            f"such as {a} and {b}: {why}; scores may be too good"
        )
    return spec, folds


def _spec(asked: SplitSpec | None, data: OpenData, observer: Observer) -> SplitSpec:
    default = call_method(data.dataset, "default_split")
    fixed = Named(method="named", name=default) if default is not None else Holdout(method="holdout")
    if asked is None:
        return fixed
    if data.stood_in and asked.method in ("named", "file"):
        name = asked.name if isinstance(asked, Named) else "from a file"
        observer.warn(f"the split {name} belongs to the real data; the split of the synthetic smears is used")
        return fixed
    return asked


def merged_groups(items: Sequence[Item]) -> list[str]:
    """Group of each sample, groups joined where they share a byte-identical picture."""
    names = [
        f"group {item.sample.group}" if item.sample.group else f"image {item.sample.id}" for item in items
    ]
    first: dict[str, int] = {}  # the first image of each group and of each picture
    links = [
        (row, first.setdefault(what, row))
        for row, (item, name) in enumerate(zip(items, names, strict=True))
        for what in (name, f"picture {item.key}")
    ]
    numbers = connected(len(names), links).tolist()
    merged: dict[int, str] = {}
    for number, name in zip(numbers, names, strict=True):
        merged[number] = min(name, merged.get(number, name))
    return [merged[number] for number in numbers]


def straddling_pictures(items: Sequence[Item], fold: Fold) -> list[tuple[str, str]]:
    """Pairs of byte-identical pictures in different parts of a fold."""
    by_key: dict[str, list[str]] = defaultdict(list)
    for item in items:
        if item.sample.id in fold.parts:
            by_key[item.key].append(item.sample.id)
    return [
        (ids[0], other)
        for ids in by_key.values()
        for other in ids[1:]
        if fold.parts[other] is not fold.parts[ids[0]]
    ]
