"""The questions of ``leukokit new recipe``, and what is written for the answers."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn, Protocol, TextIO

from rich.prompt import Confirm, Prompt
from rich.table import Table
from rich.text import Text

from leukokit.api import Dataset, GroupKind, Kind, Part, Reading, Sample
from leukokit.catalog import Catalog
from leukokit.cli._recipe_text import SCHEMA_FILE, Images, Wishes, recipe_text
from leukokit.cli._terminal import console, print_error, print_warning, safe
from leukokit.engine.components.call import call_method
from leukokit.errors import DataError, LeukokitError, UsageError
from leukokit.recipe import load_recipe_text
from leukokit.recipe.binding import check_params
from leukokit.recipe.data_choice import data_section

_UM = re.compile(r"([0-9]+(?:[.,][0-9]+)?)\s*(?:um|µm|μm)?", re.IGNORECASE)
_RED_CELL = re.compile(r"([0-9]+(?:[.,][0-9]+)?)\s*px", re.IGNORECASE)
_TRAINING: dict[str, object] = {
    "pooling": "avg",
    "train": "gradual",
    "head_epochs": 6,
    "epochs": 8,
    "schedule": "cosine",
}
_NETWORKS: dict[str, dict[str, object]] = {
    "efficientnet_lite/cnn": {"variant": "lite0", "fine_tune_from": "block3a", **_TRAINING},
    "keras_cnn": {
        "backbone": "EfficientNetV2B0",
        "weights": "imagenet",
        "fine_tune_from": "block4a",
        **_TRAINING,
    },
}
"""Classifiers that are proposed, the first that is installed."""


class Answers(Protocol):
    """Who answers: the user, or what was found."""

    def text(self, question: str, default: str | None) -> str: ...
    def choice(self, question: str, choices: Sequence[str], default: str) -> str: ...
    def yes(self, question: str) -> bool: ...
    def after(self, error: LeukokitError) -> None: ...


class Taken:
    """Takes each default, and raises what cannot be decided."""

    def text(self, question: str, default: str | None) -> str:
        """Take the default."""
        if default is None:
            raise UsageError(f"there is no default for: {question}")
        return default

    def choice(self, question: str, choices: Sequence[str], default: str) -> str:  # noqa: ARG002
        """Take the default."""
        return default

    def yes(self, question: str) -> bool:  # noqa: ARG002
        """Take no."""
        return False

    def after(self, error: LeukokitError) -> None:
        """Raise the error."""
        raise error


@dataclass
class Asked:
    """Asks the user on the terminal.

    Attributes
    ----------
    stream : text file or None
        Where answers come from; None for the keyboard.
    """

    stream: TextIO | None = None
    _console: Any = field(default_factory=lambda: console(stderr=True))

    def text(self, question: str, default: str | None) -> str:
        """Ask for a text."""
        shown = ... if default is None else default
        return str(Prompt.ask(Text(question), console=self._console, default=shown, stream=self.stream))

    def choice(self, question: str, choices: Sequence[str], default: str) -> str:
        """Ask for one of several words."""
        return str(
            Prompt.ask(
                Text(question),
                console=self._console,
                choices=list(choices),
                default=default,
                stream=self.stream,
            )
        )

    def yes(self, question: str) -> bool:
        """Ask yes or no."""
        return bool(Confirm.ask(Text(question), console=self._console, default=False, stream=self.stream))

    def after(self, error: LeukokitError) -> None:
        """Show the error; the question comes again."""
        print_error(str(error))


@dataclass(frozen=True)
class _Found:
    """Images that could be read, and how."""

    use: str
    params: dict[str, object]
    samples: Sequence[Sample]
    readings: Sequence[Reading]
    split: str | None
    parts: dict[str, Part]
    groups_are: GroupKind | None


def new_recipe(
    path: str | None, catalog: Catalog, answers: Answers, *, out: Path | None, force: bool
) -> Path:
    """Ask, and write a recipe with the schema of recipes beside it.

    Returns
    -------
    Path
        Of the recipe.

    Raises
    ------
    LeukokitError
        Where the images cannot be read, or the file exists already.
    """
    found = _images(path, catalog, answers)
    place = Path(str(found.params.get("root") or found.params.get("file") or found.use))
    name = re.sub(r"[^A-Za-z0-9_-]+", "_", place.stem).strip("_-")[:60] or "my_smears"
    file = out or Path(f"{name}.yaml")
    if file.exists() and not force:
        _refuse_existing(file)
    _show(found)
    found = _patients(found, catalog, answers)
    text = recipe_text(name, _facts(found, _group_kind(found, answers)), _wishes(found, catalog, answers))
    load_recipe_text(text, catalog, source=str(file))
    _write(file, text, force)
    _write_schema(file.parent / SCHEMA_FILE, catalog)
    return file


def _images(path: str | None, catalog: Catalog, answers: Answers) -> _Found:
    """Read the images; where that is not possible, ask how to."""
    more: dict[str, object] = {}
    use: str | None = None
    while True:
        try:
            if path is None:
                path = answers.text("Where are the images? A folder, or a table (CSV) of them", None)
            use, params = _section(path, catalog)
            return _read(use, {**params, **more}, catalog)
        except UsageError as error:
            answers.after(error)
            if use == "folder" and isinstance(error, DataError):
                more = _layout(answers)
            else:
                path, use, more = None, None, {}


def _section(path: str, catalog: Catalog) -> tuple[str, dict[str, object]]:
    """Give data set and parameters for a path, as ``--data`` takes it."""
    try:
        section = data_section(path, catalog)
    except UsageError as error:
        raise UsageError(error.what, hint=error.hint) from None  # there is no --data here
    return section["use"], section["params"]


def _layout(answers: Answers) -> dict[str, object]:
    answer = answers.text(
        "How are the folders built? A layout, such as class/patient; or what file names tell, such as "
        "{patient}_{n}_{label}.png",
        None,
    )
    return {"pattern": answer} if "{" in answer else {"layout": answer}


def _read(use: str, params: dict[str, object], catalog: Catalog) -> _Found:
    cls = catalog.get(Kind.DATASET, use).load()
    checked, mistakes = check_params(cls, params)
    if checked is None:
        raise DataError("; ".join(f"{'.'.join(map(str, wrong.path))}: {wrong.message}" for wrong in mistakes))
    dataset = cls(checked)
    assert isinstance(dataset, Dataset)
    if (reason := call_method(dataset, "missing")) is not None:
        raise DataError(reason)
    samples = call_method(dataset, "samples")
    split = call_method(dataset, "default_split")
    for note in call_method(dataset, "notes"):
        if not note.startswith("read as: "):  # the table says it
            print_warning(note)
    return _Found(
        use,
        params,
        samples,
        call_method(dataset, "readings"),
        split,
        dict(call_method(dataset, "splits")[split]) if split is not None else {},
        dataset.groups_are,
    )


def _show(found: _Found) -> None:
    """Print what was taken for what; a data set that is known by name guesses nothing."""
    if not found.readings:
        return
    table = Table(
        title=Text(f"{len(found.samples)} images, read as"), title_justify="left", box=None, pad_edge=False
    )
    for heading in ("found", "taken for", "how many"):
        table.add_column(heading, overflow="fold")
    for reading in found.readings:
        table.add_row(*(Text(safe(cell)) for cell in (reading.found, reading.taken_for, reading.detail)))
    console(stderr=True).print(table)


def _patients(found: _Found, catalog: Catalog, answers: Answers) -> _Found:
    """Ask what a patient is, where that is not known."""
    while found.use in ("folder", "table") and not any(sample.group for sample in found.samples):
        if found.use == "folder":
            question = (
                "What is a patient? A pattern of the file names, such as {patient}_{n}.png; or 'unknown'"
            )
        else:
            question = "What is a patient? The name of a column; or 'unknown'"
        answer = answers.text(question, "unknown")
        if answer == "unknown":
            return found
        more = {"pattern": answer} if found.use == "folder" else {"columns": {"group": answer}}
        try:
            found = _read(found.use, {**found.params, **more}, catalog)
        except DataError as error:
            answers.after(error)
    return found


def _group_kind(found: _Found, answers: Answers) -> str | None:
    """Ask what a group is, where there are groups and the data set does not know."""
    if found.groups_are is not None or not any(sample.group for sample in found.samples):
        return None
    question = "Images have groups. What do those of one group share: a patient, a slide, or a view?"
    return answers.choice(question, list(GroupKind), GroupKind.PATIENT)


def _wishes(found: _Found, catalog: Catalog, answers: Answers) -> Wishes:
    scale = _scale(found, answers)
    thorough = answers.choice(
        "Fast, or thorough (more features, settings searched, folds)?", ("fast", "thorough"), "fast"
    )
    network = next((name for name in _NETWORKS if _has(catalog, name)), None)
    if network is None or not answers.yes("Train a network, too slow for most machines without a GPU?"):
        return Wishes(scale, thorough == "thorough")
    return Wishes(scale, thorough == "thorough", network, _NETWORKS[network])


def _has(catalog: Catalog, name: str) -> bool:
    return any(entry.name == name for entry in catalog.of(Kind.CLASSIFIER))


def _scale(found: _Found, answers: Answers) -> str:
    if any(sample.pixel_size_um is not None for sample in found.samples):
        return "{pixel_size_um: table}"
    while True:
        answer = answers.text(
            "How wide is a pixel (such as '0.1 um'), or a red cell (such as '40 px')? Or 'measure' it",
            "measure",
        ).strip()
        if answer == "measure":
            return "auto"
        if match := _RED_CELL.fullmatch(answer):
            return f"{{red_cell_px: {match[1].replace(',', '.')}}}"
        if match := _UM.fullmatch(answer):
            return f"{{pixel_size_um: {match[1].replace(',', '.')}}}"
        answers.after(UsageError(f"{answer!r} is no size", hint="Expected 0.1 um, 40 px or measure"))


def _facts(found: _Found, groups_are: str | None) -> Images:
    counts: dict[str, int] = defaultdict(int)
    groups: dict[str, set[str]] = defaultdict(set)
    for sample in found.samples:
        if sample.label is None or found.parts.get(sample.id, Part.TRAIN) is not Part.TRAIN:
            continue
        counts[sample.label] += 1
        if sample.group:
            groups[sample.label].add(sample.group)
    if not counts:
        raise DataError(
            "no image has a class, so there is nothing to learn",
            hint="Sort the images into folders of classes, or give a table with a column label",
        )
    return Images(
        use=found.use,
        params=found.params,
        readings=[safe(reading).replace("\n", " ") for reading in found.readings],
        split=found.split,
        smallest_class=min(counts.values()),
        groups=min((len(groups[name]) for name in counts), default=0),
        all_groups=len(set().union(*groups.values())),
        groups_are=groups_are,
    )


def _write(file: Path, text: str, force: bool) -> None:
    try:
        with file.open("w" if force else "x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        _refuse_existing(file)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise UsageError(
            f"{file} cannot be written ({why})",
            hint="Name a file in a folder that can be written to: --out FILE",
        ) from error


def _refuse_existing(file: Path) -> NoReturn:
    raise UsageError(
        f"{file} is there already", hint="Give another name with --out, or --force to replace it"
    )


def _write_schema(file: Path, catalog: Catalog) -> None:
    """Write the schema that the first line of the recipe names; one that is there is left as it is."""
    from leukokit.recipe.schema import recipe_schema

    if not file.exists():
        file.write_text(json.dumps(recipe_schema(catalog), indent=2, ensure_ascii=False), encoding="utf-8")
