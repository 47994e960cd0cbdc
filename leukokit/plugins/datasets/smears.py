"""Synthetic peripheral blood smears with truth masks, rendered when asked for.

They look like the photographs of all-pbs (doi 10.34740/KAGGLE/DSV/2175623) and stand in where real data are
absent. Classes differ in the morphology of their white cells; the stain belongs to the patient. They show
that software works and say nothing about blood.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Self, get_args

import cv2
import numpy as np
from pydantic import field_validator, model_validator

from leukokit.api import DataError, Dataset, Field, Labels, Params, Part, RGBImage, Sample
from leukokit.plugins.datasets import _smear_render, _smear_truth
from leukokit.plugins.datasets._smear_geometry import Bar
from leukokit.plugins.datasets._smear_scene import Scene, draw_scene
from leukokit.plugins.datasets._smear_stock import BAR_STYLES, Stock, draw_bar, make_stock
from leukokit.plugins.datasets._smear_traits import Patient, draw_patient

SmearClass = Literal["Benign", "Early", "Pre", "Pro"]
CLASSES: tuple[SmearClass, ...] = get_args(SmearClass)

_SPLIT = "default"
# Generators of stock, patients, fields and split are branches of the seed that never meet.
_STOCK, _PATIENT, _FIELD, _PARTS = range(4)
_BAR_OF_CLASS: Mapping[str, int | None] = {"Benign": 2, "Early": 3, "Pre": 0, "Pro": None}


class SmearsParams(Params):
    """Parameters of :class:`Smears`."""

    per_class: int = Field(60, ge=3, le=100_000, description="Images of each class; 3 or more, to be split.")
    classes: tuple[SmearClass, ...] = Field(
        CLASSES, min_length=1, description="Classes to render, in this order."
    )
    size: int = Field(
        224, ge=64, le=2048, description="Side of the images, in px; the field of view stays the same."
    )
    patients: int = Field(
        24,
        ge=3,
        le=100_000,
        description="Patients in all; each has one class and one stain. Three a class or more, one for each "
        "part of the split.",
    )
    seed: int = Field(281, ge=0, lt=2**63, description="Seed of everything drawn.")
    white_cells: float = Field(
        10.0,
        ge=1.0,
        le=40.0,
        description="White cells a field, mean; classes differ by up to a quarter from it.",
    )
    red_cells: float = Field(125.0, ge=0.0, le=400.0, description="Red cells a field, mean.")
    aspect: float = Field(
        0.8,
        ge=0.5,
        le=2.0,
        description="Width over height of a round cell; below 1, as in all-pbs, whose photographs were "
        "squeezed to squares.",
    )
    stain_by_patient: float = Field(
        1.0,
        ge=0.0,
        le=1.5,
        description="How far stain and light differ between patients: 0 not at all, 1 as in all-pbs.",
    )
    stain_confound: float = Field(
        0.0,
        ge=0.0,
        le=1.0,
        description="How far the stain gives the class away: 0 not at all, 1 each class has its own, as is "
        "the case in all-pbs. For testing audits.",
    )
    scale_bars: Literal["none", "all", "by_class"] = Field(
        "none",
        description="Burned-in scale bars: in no image, in all (style by patient), or in a style that gives "
        "the class away, for testing audits.",
    )
    jpeg_quality: int = Field(
        0, ge=0, le=100, description="Quality of a pass through JPEG, 1..100; 0 leaves the pixels alone."
    )

    @field_validator("classes")
    @classmethod
    def _distinct(cls, classes: tuple[SmearClass, ...]) -> tuple[SmearClass, ...]:
        if len(set(classes)) < len(classes):
            raise ValueError(f"each class can be named once; got {', '.join(classes)}")
        return classes

    @model_validator(mode="after")
    def _enough_patients(self) -> Self:
        needed = 3 * len(self.classes)
        if self.patients < needed:
            raise ValueError(
                f"{self.patients} patients are too few for {len(self.classes)} classes: each needs one "
                f"each for training, validation and test, so {needed} in all. Raise patients, or name fewer "
                "classes"
            )
        return self


@dataclass(frozen=True, slots=True)
class _Field:
    """One image before it is drawn: its class, its number there, and its patient's number."""

    sample: Sample
    number: int
    patient: int


class Smears(Dataset):
    """Rendered smears in the paper's four classes, with patients, stains and truth masks.

    By construction the N/C ratio rises Benign < Pre < Early < Pro, the area of white cells Benign < Pro <
    Early < Pre; Benign chromatin is clumped, Pro chromatin fine. The ranges overlap, within and
    between patients. A picture depends on the parameters and its sample alone, never on what was rendered
    before.
    """

    synthetic = True
    revision = 2
    Params = SmearsParams
    params: SmearsParams

    @cached_property
    def _fields(self) -> Mapping[str, _Field]:
        fields = {}
        first = 1
        for place, label in enumerate(self.params.classes):
            # Patients are dealt out evenly; the first classes get what is left over.
            share = self.params.patients // len(self.params.classes)
            share += place < self.params.patients % len(self.params.classes)
            used = min(share, self.params.per_class)
            for i in range(self.params.per_class):
                patient = first + i * used // self.params.per_class
                sample = Sample(id=f"{label}/smear-{i + 1:04d}", label=label, group=f"patient-{patient:03d}")
                fields[sample.id] = _Field(sample, i + 1, patient)
            first += share
        return fields

    def samples(self) -> Sequence[Sample]:
        """All samples, by class, and within it by patient."""
        return [field.sample for field in self._fields.values()]

    def splits(self) -> Mapping[str, Mapping[str, Part]]:
        """One split: about 60/20/20 of each class's patients, every class in every part."""
        parts: dict[str, Part] = {}
        for label in self.params.classes:
            mine = [field for field in self._fields.values() if field.sample.label == label]
            patients = sorted({field.patient for field in mine})
            order = self._rng(_PARTS, CLASSES.index(label)).permutation(patients).tolist()
            held = max(1, round(0.2 * len(order)))
            part_of = dict.fromkeys(order, Part.TRAIN)
            part_of.update(dict.fromkeys(order[:held], Part.TEST))
            part_of.update(dict.fromkeys(order[held : 2 * held], Part.VALIDATION))
            parts |= {field.sample.id: part_of[field.patient] for field in mine}
        return {_SPLIT: parts}

    def default_split(self) -> str:
        """``default``, by patient."""
        return _SPLIT

    def render(self, sample: Sample) -> RGBImage:
        """Draw the picture of a sample.

        Returns
        -------
        uint8 array, size x size x 3
            Red, green, blue.

        Raises
        ------
        DataError
            Where the sample is not of this data set.
        """
        patient, scene, rng = self._scene(sample)
        size = self.params.size
        image = _smear_render.render(scene, patient, self._stock, rng, size, self._bar(patient))
        if not self.params.jpeg_quality:
            return image
        _, data = cv2.imencode(
            ".jpg", image[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, self.params.jpeg_quality]
        )
        decoded = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))
        return np.ascontiguousarray(decoded[:, :, ::-1], dtype=np.uint8)

    def truth(self, sample: Sample) -> Labels:
        """Masks of the very scene that ``render`` draws.

        Returns
        -------
        Labels
            ``nucleus`` and ``cell`` under one id, ``red_cell`` whole (pallor included) under ids of its own;
            int32 size x size, ids without gaps, read-only. Platelets and burst cells are background.

        Raises
        ------
        DataError
            Where the sample is not of this data set.
        """
        patient, scene, _ = self._scene(sample)
        return _smear_truth.truth(scene, self._stock, self.params.size, self._bar(patient))

    def _rng(self, *branch: int) -> np.random.Generator:
        return np.random.default_rng(np.random.SeedSequence(self.params.seed, spawn_key=branch))

    @cached_property
    def _stock(self) -> Stock:
        return make_stock(self._rng(_STOCK), self.params.size, self.params.aspect)

    @cached_property
    def _patients(self) -> Mapping[int, Patient]:
        return {
            field.patient: draw_patient(
                self._rng(_PATIENT, field.patient),
                str(field.sample.label),
                stain_by_patient=self.params.stain_by_patient,
                stain_confound=self.params.stain_confound,
                bars=len(BAR_STYLES),
            )
            for field in {field.patient: field for field in self._fields.values()}.values()
        }

    @cached_property
    def _bars(self) -> Sequence[Bar]:
        return [Bar(*draw_bar(style, self.params.size)) for style in range(len(BAR_STYLES))]

    def _bar(self, patient: Patient) -> Bar | None:
        if self.params.scale_bars == "none":
            return None
        style = patient.bar if self.params.scale_bars == "all" else _BAR_OF_CLASS[patient.label]
        return None if style is None else self._bars[style]

    def _scene(self, sample: Sample) -> tuple[Patient, Scene, np.random.Generator]:
        field = self._fields.get(sample.id)
        if field is None:
            raise DataError(
                f"no sample {sample.id!r} among these {len(self._fields)} synthetic smears",
                where="data set smears",
                hint=f"Ids run from {next(iter(self._fields))} to {list(self._fields)[-1]}; "
                "they depend on per_class and classes",
            )
        patient = self._patients[field.patient]
        rng = self._rng(_FIELD, CLASSES.index(patient.label), field.number)
        scene = draw_scene(
            rng,
            patient,
            white_cells=self.params.white_cells,
            red_cells=self.params.red_cells,
            aspect=self.params.aspect,
        )
        return patient, scene, rng
