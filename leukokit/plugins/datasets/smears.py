"""Synthetic peripheral blood smears with ground-truth masks, rendered on demand.

They resemble the photographs of all-pbs (doi 10.34740/KAGGLE/DSV/2175623), or of other labs, and are used
where real data are missing. Classes differ in the morphology of their white cells; the stain depends on the
patient. They test software; results on them say nothing about blood.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Self, get_args

import cv2
import numpy as np
from pydantic import ValidationInfo, field_validator, model_validator

from leukokit.api import (
    RED_CELL_UM,
    DataError,
    Dataset,
    Field,
    GroupKind,
    Labels,
    Params,
    Part,
    RGBImage,
    Sample,
)
from leukokit.plugins.datasets import _smear_render, _smear_truth
from leukokit.plugins.datasets._smear_geometry import Bar
from leukokit.plugins.datasets._smear_labs import LAB_NAMES, LABS, RED_CELL, Lab, LabName
from leukokit.plugins.datasets._smear_scene import RED_RADII, Scene, View, draw_scene
from leukokit.plugins.datasets._smear_stock import BAR_STYLES, Stock, draw_bar, make_stock
from leukokit.plugins.datasets._smear_traits import Patient, draw_patient
from leukokit.plugins.datasets._smear_truth import TrueCell

SmearClass = Literal["Benign", "Early", "Pre", "Pro"]
CLASSES: tuple[SmearClass, ...] = get_args(SmearClass)

_SPLIT = "default"
# Independent branches of the seed for stock, patients, fields and split
_STOCK, _PATIENT, _FIELD, _PARTS = range(4)
_MAX_RED_CELL = 200
"""Largest width of red cells, in px: sprites of larger ones would need too much memory."""
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
        120,
        ge=3,
        le=100_000,
        description="Total number of patients; each has one class and one stain. Three per class or "
        "more, one "
        "for each part of the split.",
    )
    labs: tuple[LabName, ...] = Field(
        ("all_pbs",),
        min_length=1,
        description="Labs whose stain, magnification and camera the images have; assigned in turn to the "
        "patients of each class.",
    )
    magnification: float = Field(
        1.0,
        ge=0.25,
        le=4.0,
        description="Magnification relative to that of the lab: at 2 a field is a quarter of the area.",
    )
    seed: int = Field(281, ge=0, lt=2**63, description="Seed of all random numbers.")
    white_cells: float | None = Field(
        None,
        ge=1.0,
        le=40.0,
        description="Mean number of white cells per field; classes differ from it by up to a quarter. "
        "Default: "
        "that of the lab, 10 in all_pbs and 1 in the others.",
    )
    bystanders: float = Field(
        0.06,
        ge=0.0,
        le=1.0,
        description="Share of white cells of other kinds (neutrophil, eosinophil, monocyte, lymphocyte), "
        "mean "
        "over the classes; highest in Benign. With 1 there are no cells of the class.",
    )
    red_cells: float | None = Field(
        None,
        ge=0.0,
        le=400.0,
        description="Mean number of red cells per field. Default: that of the lab, 125 in all_pbs.",
    )
    aspect: float | None = Field(
        None,
        ge=0.5,
        le=2.0,
        description="Width over height of a round cell. Default: that of the lab, 0.8 in all_pbs, whose "
        "photographs were resized to squares, and 1 in the others.",
    )
    stain_by_patient: float = Field(
        1.0,
        ge=0.0,
        le=1.5,
        description="Strength of the differences in stain and illumination between the patients of a "
        "lab: 0 for "
        "none, 1 for the whole range of its images.",
    )
    stain_confound: float = Field(
        0.0,
        ge=0.0,
        le=1.0,
        description="Strength of the dependence of the stain on the class: 0 for none, 1 for one stain per "
        "class, as in all-pbs. For testing audits; only with the lab all_pbs.",
    )
    scale_bars: Literal["none", "all", "by_class"] = Field(
        "none",
        description="Burned-in scale bars: in no image, in all (style by patient), or in a style that "
        "depends "
        "on the class, for testing audits.",
    )
    jpeg_quality: int = Field(
        0, ge=0, le=100, description="Quality of JPEG compression, 1..100; 0 for no compression."
    )

    @field_validator("classes", "labs")
    @classmethod
    def _distinct(cls, named: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if len(set(named)) < len(named):
            what = "class" if info.field_name == "classes" else "lab"
            raise ValueError(f"each {what} can be named once; got {', '.join(named)}")
        return named

    @model_validator(mode="after")
    def _enough_patients(self) -> Self:
        needed = 3 * len(self.classes)
        if self.patients < needed:
            raise ValueError(
                f"{self.patients} patients are too few for {len(self.classes)} classes: each class needs one "
                f"each for training, validation and test, so {needed} in all. Raise patients, or name fewer "
                "classes"
            )
        return self

    @model_validator(mode="after")
    def _one_confounded_lab(self) -> Self:
        if self.stain_confound and self.labs != ("all_pbs",):
            raise ValueError(
                f"stain_confound gives each class the stain it has in all_pbs, and the labs are "
                f"{', '.join(self.labs)}. Leave labs out, or stain_confound"
            )
        return self

    @model_validator(mode="after")
    def _not_too_large(self) -> Self:
        widest = max(RED_CELL * self.size * self.magnification / LABS[lab].field for lab in self.labs)
        if widest > _MAX_RED_CELL:
            raise ValueError(
                f"red cells would measure {widest:.0f} px, more than {_MAX_RED_CELL}. "
                "Lower size or magnification"
            )
        return self


@dataclass(frozen=True, slots=True)
class _Field:
    """One image before it is rendered: sample, its number in the class, patient number and lab."""

    sample: Sample
    number: int
    patient: int
    lab: LabName


class Smears(Dataset):
    """Rendered smears in the paper's four classes, with patients, stains and ground-truth masks.

    By construction the N/C ratio increases Benign < Pre < Early < Pro, and the area of white cells Benign <
    Pro < Early < Pre; chromatin is clumped in Benign and fine in Pro. The ranges overlap, within and between
    patients. An image depends only on the parameters and its sample, not on other rendered images.

    ``red_cell_px`` and ``pixel_size_um`` give the true scale of an image, ``cells`` the kinds of its cells.
    """

    synthetic = True
    groups_are = GroupKind.PATIENT
    revision = 3
    Params = SmearsParams
    params: SmearsParams

    @cached_property
    def _fields(self) -> Mapping[str, _Field]:
        fields = {}
        first = 1
        for position, label in enumerate(self.params.classes):
            # Patients are distributed evenly; the first classes get the remainder.
            share = self.params.patients // len(self.params.classes)
            share += position < self.params.patients % len(self.params.classes)
            used = min(share, self.params.per_class)
            for i in range(self.params.per_class):
                patient = first + i * used // self.params.per_class
                lab = self.params.labs[(patient - first) % len(self.params.labs)]
                sample = Sample(
                    id=f"{label}/smear-{i + 1:04d}",
                    label=label,
                    group=f"patient-{patient:03d}",
                    traits={"lab": lab},
                )
                fields[sample.id] = _Field(sample, i + 1, patient, lab)
            first += share
        return fields

    def samples(self) -> Sequence[Sample]:
        """All samples, by class, and within it by patient."""
        return [field.sample for field in self._fields.values()]

    def splits(self) -> Mapping[str, Mapping[str, Part]]:
        """One split: about 60/20/20 of each class's patients, every class in every part."""
        parts: dict[str, Part] = {}
        for label in self.params.classes:
            class_fields = [field for field in self._fields.values() if field.sample.label == label]
            patients = sorted({field.patient for field in class_fields})
            order = self._rng(_PARTS, CLASSES.index(label)).permutation(patients).tolist()
            n_held_out = max(1, round(0.2 * len(order)))
            part_of = dict.fromkeys(order, Part.TRAIN)
            part_of.update(dict.fromkeys(order[:n_held_out], Part.TEST))
            part_of.update(dict.fromkeys(order[n_held_out : 2 * n_held_out], Part.VALIDATION))
            parts |= {field.sample.id: part_of[field.patient] for field in class_fields}
        return {_SPLIT: parts}

    def default_split(self) -> str:
        """``default``, by patient."""
        return _SPLIT

    def render(self, sample: Sample) -> RGBImage:
        """Render the image of a sample.

        Returns
        -------
        uint8 array, size x size x 3
            Red, green, blue.

        Raises
        ------
        DataError
            Where the sample is not of this data set.
        """
        patient, scene, stock, rng = self._scene(sample)
        image = _smear_render.render(scene, patient, stock, rng, self.params.size, self._bar(patient))
        if not self.params.jpeg_quality:
            return image
        _, data = cv2.imencode(
            ".jpg", image[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, self.params.jpeg_quality]
        )
        decoded = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))
        return np.ascontiguousarray(decoded[:, :, ::-1], dtype=np.uint8)

    def truth(self, sample: Sample) -> Labels:
        """Masks of the scene that ``render`` shows.

        Returns
        -------
        Labels
            ``nucleus`` and ``cell`` with the same ids, ``red_cell`` (pallor included) and ``platelet`` with
            separate ids; int32 size x size, ids without gaps, read-only. Burst cells are background.

        Raises
        ------
        DataError
            Where the sample is not of this data set.
        """
        patient, scene, stock, _ = self._scene(sample)
        return _smear_truth.truth(scene, stock, self.params.size, self._bar(patient))

    def cells(self, sample: Sample) -> Sequence[TrueCell]:
        """Kind, position and size of the cells of a sample, with the ids of ``truth``.

        ::

            table = pandas.DataFrame(smears.cells(sample))

        Raises
        ------
        DataError
            Where the sample is not of this data set.
        """
        patient, scene, stock, _ = self._scene(sample)
        return _smear_truth.cells(scene, stock, self.params.size, self._bar(patient))

    def red_cell_px(self, sample: Sample) -> float:
        """Mean diameter of the red cells of a sample's patient, in px (of disks of the same area).

        Raises
        ------
        DataError
            Where the sample is not of this data set.
        """
        field = self._field(sample)
        smallest, largest = RED_RADII
        relative = smallest + (largest - smallest) * self._patients[field.patient].red_size
        diameter: float = RED_CELL * relative * self.params.size / self._view(LABS[field.lab]).field
        return diameter

    def pixel_size_um(self, sample: Sample) -> float:
        """Width of a pixel, in um, as a microscope would store it in the file.

        Where ``aspect`` is not 1, the geometric mean of width and height. A patient's red cells measure 6.7
        to 8.3 um, so this is not exactly ``RED_CELL_UM / red_cell_px``.

        Raises
        ------
        DataError
            Where the sample is not of this data set.
        """
        field = self._view(LABS[self._field(sample).lab]).field
        return RED_CELL_UM / RED_CELL * field / self.params.size

    def _rng(self, *branch: int) -> np.random.Generator:
        return np.random.default_rng(np.random.SeedSequence(self.params.seed, spawn_key=branch))

    def _view(self, lab: Lab) -> View:
        """Properties of a field of the lab; the number of cells per area does not depend on magnification."""
        area = 1.0 / self.params.magnification**2
        white, red, aspect = self.params.white_cells, self.params.red_cells, self.params.aspect
        return View(
            field=lab.field / self.params.magnification,
            aspect=lab.aspect if aspect is None else aspect,
            white_cells=lab.white_cells * area if white is None else white,
            red_cells=lab.red_cells * area if red is None else red,
            platelets=lab.platelets * area,
            bystanders=self.params.bystanders,
        )

    @cached_property
    def _stocks(self) -> Mapping[LabName, Stock]:
        stocks = {}
        for name in self.params.labs:
            view = self._view(LABS[name])
            rng = self._rng(_STOCK, LAB_NAMES.index(name))
            stocks[name] = make_stock(rng, self.params.size, view.field, view.aspect, LABS[name].sprites)
        return stocks

    @cached_property
    def _patients(self) -> Mapping[int, Patient]:
        return {
            field.patient: draw_patient(
                self._rng(_PATIENT, field.patient),
                str(field.sample.label),
                LABS[field.lab],
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

    def _field(self, sample: Sample) -> _Field:
        field = self._fields.get(sample.id)
        if field is None:
            raise DataError(
                f"no sample {sample.id!r} among these {len(self._fields)} synthetic smears",
                where="data set smears",
                hint=f"Ids run from {next(iter(self._fields))} to {list(self._fields)[-1]}; "
                "they depend on per_class and classes",
            )
        return field

    def _scene(self, sample: Sample) -> tuple[Patient, Scene, Stock, np.random.Generator]:
        field = self._field(sample)
        patient = self._patients[field.patient]
        rng = self._rng(_FIELD, CLASSES.index(patient.label), field.number)
        scene = draw_scene(rng, patient, self._view(patient.lab))
        return patient, scene, self._stocks[field.lab], rng
