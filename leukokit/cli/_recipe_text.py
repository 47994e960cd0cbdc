"""The text of a recipe with comments, from what is known of the images and what the user wants."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from leukokit.verdict.rules.patients import FEWEST

SCHEMA_FILE = "recipe.schema.json"
"""File beside the recipe that editors read: which keys and values there are."""
_FOLDS = 5
_TEST = 0.2
"""Share of the images for test, and for validation."""


@dataclass(frozen=True, slots=True)
class Images:
    """What is known of the images.

    Attributes
    ----------
    use : str
        Data set of the recipe: ``folder`` or ``table``.
    params : mapping
        Its parameters.
    readings : sequence of str
        What was taken for what, for comments.
    split : str or None
        The split that comes with the images.
    smallest_class : int
        Images of the smallest class.
    groups : int
        Patients, of the class with the fewest; 0 where none are known.
    all_groups : int
        Patients of all classes together.
    groups_are : str or None
        What a group is taken for, where the data set does not know it: ``patient``, ``slide`` or ``view``.
    """

    use: str
    params: Mapping[str, object]
    readings: Sequence[str] = ()
    split: str | None = None
    smallest_class: int = 0
    groups: int = 0
    all_groups: int = 0
    groups_are: str | None = None

    @property
    def few_groups(self) -> bool:
        """Whether the patients suffice for folds, and a test part of a fifth of them says too little."""
        return self.groups >= 2 and self.all_groups * _TEST < FEWEST


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user wants.

    Attributes
    ----------
    scale : str
        Value of ``data.scale``, in YAML.
    thorough : bool
        More features, a search for settings, and folds, which take minutes to hours.
    network : str or None
        Network in place of features and SVM: name of a classifier.
    """

    scale: str = "auto"
    thorough: bool = False
    network: str | None = None
    network_params: Mapping[str, object] = field(default_factory=dict)


def recipe_text(name: str, images: Images, wishes: Wishes) -> str:
    """Write a recipe.

    Parameters
    ----------
    name : str
        Of the recipe and of the folder of its runs.
    """
    return "\n".join(
        [
            f"# yaml-language-server: $schema={SCHEMA_FILE}",
            "# Written by 'leukokit new recipe'. Every line may be changed; 'leukokit check' finds mistakes.",
            "# 'leukokit list' names the components, 'leukokit show NAME' what one does and its parameters.",
            "leukokit: 1",
            f"name: {_name(name)}   # runs are kept in runs/{name}/",
            "seed: 281   # every random draw derives from it",
            "",
            *_data(images, wishes),
            "",
            *_split(images, wishes),
            "",
            *(_network(wishes) if wishes.network else _classical(images, wishes)),
            "",
        ]
    )


def _value(value: object) -> str:
    """JSON, which is YAML, too."""
    return json.dumps(value, ensure_ascii=False)


def _name(name: str) -> str:
    """Write a word without quotes where YAML takes it for text."""
    plain = re.fullmatch(r"[A-Za-z]+[_-][A-Za-z0-9_-]*|folders|table", name)
    return name if plain else _value(name)


def _data(images: Images, wishes: Wishes) -> Iterator[str]:
    yield "# The images, and what was taken for what:" if images.readings else "# The images."
    for reading in images.readings:
        yield f"#   {reading}"
    yield "data:"
    yield f"  use: {images.use}"
    if images.params:
        yield "  params:"
        for key, value in images.params.items():
            yield f"    {key}: {_value(value)}"
    if images.groups_are is not None:
        yield f"  groups_are: {images.groups_are}   # what images of one group share: patient, slide, view"
    yield f"  scale: {wishes.scale}   # {_scale_comment(wishes.scale)}"


def _scale_comment(scale: str) -> str:
    if scale == "auto":
        return "measured on the red cells of each image; or {pixel_size_um: 0.1}, {red_cell_px: 40}"
    return "so that features are in um, whatever the camera"


def _split(images: Images, wishes: Wishes) -> Iterator[str]:
    if images.split is not None:
        yield "# Training and test are those of the images."
        yield f"split: {_name(images.split)}"
        return
    if images.groups:
        yield "# All images of a patient are in one part: no model is tested on patients that it knows."
    else:
        yield "# No patients are known: those of training may be in test, too, which makes scores too good."
        yield "# Name them where you can: 'leukokit show folder' (pattern, layout), or data.groups: a CSV."
    units = images.groups or images.smallest_class
    few = images.few_groups and not wishes.network  # a network a fold takes too long
    if (wishes.thorough or few) and units >= 2:
        yield "# Every image is tested once, by a model that has not seen it."
        if few:
            yield f"# One test part of {images.all_groups} patients would say nothing of others."
        by = "group" if images.groups else "random"
        validation = f", validation: {_TEST}" if images.groups >= _FOLDS else ""
        yield f"split: {{method: kfold, folds: {min(_FOLDS, units)}, by: {by}{validation}}}"
    else:
        yield f"split: {{method: holdout, test: {_TEST}, validation: {_TEST}}}   # of each class"


def _classical(images: Images, wishes: Wishes) -> Iterator[str]:
    yield "# Nucleus and cell of each white cell."
    yield "segment: {use: smear_cells}"
    yield ""
    yield "# Numbers that describe an image."
    yield "features:"
    yield "  - {use: morphology, params: {unit: um}}   # size and shape of nucleus and cell"
    yield "  - use: color_statistics"
    yield "  - use: lbp   # fine texture"
    if wishes.thorough:
        yield "  - use: haralick   # coarse texture"
        yield "  - use: hog"
    yield ""
    yield "# The features that tell most of the class, and the model that is trained on them."
    yield "select: {use: information_gain, params: {k: 40}}"
    yield "classify: {use: svm, params: {kernel: rbf, C: 10}}"
    folds = min(5, images.groups or images.smallest_class // 2)
    if wishes.thorough and folds >= 2:
        yield f"tune: {{cv: {folds}, grid: {{classify.params.C: [1, 10, 100]}}}}   # inside the training part"
    yield ""
    yield "# Which features the model uses."
    yield "explain:"
    yield "  - use: permutation_importance"


def _network(wishes: Wishes) -> Iterator[str]:
    yield "# Tells where the network looks; it plays no part in training."
    yield "segment: {use: smear_cells, params: {red_cells: true, border: keep}}"
    yield ""
    yield "# A network, pretrained on photographs and trained further on your images."
    yield "classify:"
    yield f"  use: {wishes.network}"
    yield "  params:"
    for key, value in wishes.network_params.items():
        yield f"    {key}: {_value(value)}"
    yield "explain:"
    yield "  - {use: grad_cam, params: {per_class: 24}}"
