"""What answers by group and scores by trait need, asked before anything runs."""

from __future__ import annotations

from collections.abc import Sequence

from leukokit.api import DataError, Part, Sample
from leukokit.engine.images.plan import Item
from leukokit.engine.traits import groups_of, trait_values
from leukokit.evaluation.operating_point import negative_classes
from leukokit.evaluation.splits import Fold
from leukokit.number_text import counted
from leukokit.recipe.answer import Answer
from leukokit.recipe.models import RecipeModel

MOST_VALUES = 50
"""More subgroups than this are a column of numbers or names, not of groups."""
FEWEST_GROUPS = 2
"""Groups of each class in the training part that attention needs."""
_SHOWN = 5
_NAME_THEM = (
    "Name the patient (or slide) of each image: 'data.groups', a CSV with the columns id and group; a column "
    "group of a table; or folders by class and patient"
)


def refuse_ungrouped(recipe: RecipeModel, items: Sequence[Item], folds: Sequence[Fold]) -> None:
    """Find before anything runs what answers by group and subgroups lack.

    Raises
    ------
    DataError
        Where no image has a group, a group has several classes, a choice has no validation part, attention
        too few groups to learn on, noisy-or no healthy class, or a trait is not there or has too many values.
    """
    samples = [item.sample for item in items if item.sample.label is not None]
    if recipe.answer is not None:
        _check_groups(samples)
        _check_choice(recipe.answer, samples, folds)
        _check_attention(recipe.answer, samples, folds)
        _check_noisy_or(recipe, samples)
    for number, name in enumerate(recipe.subgroups):
        _check_trait(samples, name, f"subgroups.{number}")


def _check_groups(samples: Sequence[Sample]) -> None:
    classes: dict[str, set[str]] = {}
    for sample in samples:
        if sample.group:
            classes.setdefault(sample.group, set()).add(sample.label or "")
    if not classes:
        raise DataError(
            "an answer by group needs groups, and no image has one", where="answer", hint=_NAME_THEM
        )
    several = {name: sorted(found) for name, found in classes.items() if len(found) > 1}
    if several:
        shown = "; ".join(f"{name}: {', '.join(found)}" for name, found in list(several.items())[:_SHOWN])
        more = f"; and {len(several) - _SHOWN} more" if len(several) > _SHOWN else ""
        raise DataError(
            f"{counted(len(several), 'group')} {'has' if len(several) == 1 else 'have'} images of several "
            f"classes, and a patient has one answer: {shown}{more}",
            where="answer",
            hint="Correct the labels; or name a group for each class of the patient (such as P7-before, "
            "P7-after); or leave 'answer' out",
        )


def _check_choice(answer: Answer, samples: Sequence[Sample], folds: Sequence[Fold]) -> None:
    if len(answer.ways) < 2:
        return
    grouped = groups_of(samples)
    for fold in folds:
        if not any(name in grouped for name in fold.ids(Part.VALIDATION)):
            raise DataError(
                f"answer.how names {len(answer.ways)} ways, of which the validation part chooses, and it "
                "holds no image with a group",
                where=f"split {fold.name}",
                hint="Give the split a validation part (split.validation: 0.2), or name one way only",
            )


def _check_attention(answer: Answer, samples: Sequence[Sample], folds: Sequence[Fold]) -> None:
    if not answer.learns:
        return
    grouped = groups_of(samples)
    labels = {sample.id: sample.label for sample in samples}
    classes = sorted({label for label in labels.values() if label is not None})
    for fold in folds:
        training = {(labels[name], grouped[name]) for name in fold.ids(Part.TRAIN) if name in grouped}
        counts = {label: sum(1 for found, _ in training if found == label) for label in classes}
        few = {label: count for label, count in counts.items() if count < FEWEST_GROUPS}
        if few:
            shown = ", ".join(f"{label}: {count}" for label, count in list(few.items())[:_SHOWN])
            raise DataError(
                f"attention learns on whole groups and needs {FEWEST_GROUPS} or more of each class in the "
                f"training part; found {shown}",
                where=f"answer.how, split {fold.name}",
                hint="Use mean, vote, top_k or noisy_or, which learn nothing; or bring more patients",
            )


def _check_noisy_or(recipe: RecipeModel, samples: Sequence[Sample]) -> None:
    if recipe.answer is None or "noisy_or" not in recipe.answer.ways:
        return
    labels = sorted({sample.label for sample in samples if sample.label is not None})
    if negative_classes(labels, recipe.operating_point.negative):
        return
    raise DataError(
        "noisy_or calls a patient healthy where every image is, and no class is known to be healthy; the "
        f"classes are {', '.join(labels)}",
        where="answer.how",
        hint="Name the healthy classes: operating_point: {negative: [NAME]}; or use mean, vote or top_k",
    )


def _check_trait(samples: Sequence[Sample], name: str, where: str) -> None:
    values = trait_values(samples, name, where=where)
    different = len(set(values.values()))
    if different > MOST_VALUES:
        raise DataError(
            f"{name!r} has {different} values in {counted(len(values), 'image')}; expected at most "
            f"{MOST_VALUES}",
            where=where,
            hint="Put them in ranges or groups in a column of the table, such as 0-18, 19-64, 65+",
        )
