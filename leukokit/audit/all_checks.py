"""All checks of one audit: pass arrays of the measured images to the functions that check them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from leukokit.api import Part, ScaleSource, Status
from leukokit.audit.audit_input import AuditInput, tested_part
from leukokit.audit.checks.between_parts import Images
from leukokit.audit.checks.class_balance import class_balance
from leukokit.audit.checks.duplicates import (
    AuditedImages,
    across_parts,
    exact_duplicates,
    label_conflicts,
    near_duplicates,
)
from leukokit.audit.checks.exposure import exposure_spread
from leukokit.audit.checks.files import file_properties, rejected_images
from leukokit.audit.checks.groups import groups_across_parts
from leukokit.audit.checks.label_noise import label_noise
from leukokit.audit.checks.leaks import leaks
from leukokit.audit.checks.marks import burned_in_marks
from leukokit.audit.checks.neighbors import neighbors_alike
from leukokit.audit.checks.picture_quality import picture_quality
from leukokit.audit.checks.scale import scale_mismatch, scale_spread, scale_unknown
from leukokit.audit.checks.segmentation import (
    FAILURES,
    IMPLAUSIBLE,
    empty_foreground,
    implausible_segmentation,
    segmentation_failures,
)
from leukokit.audit.checks.sharpness import relative_blur, sharpness_spread
from leukokit.audit.checks.sources import camera_and_software, file_names
from leukokit.audit.checks.stain import stain_spread
from leukokit.audit.findings import CheckFinding, Limit, skipped
from leukokit.audit.label_probabilities import cached_probabilities
from leukokit.audit.measure import MeasuredImages
from leukokit.audit.pairs.pair import MatchedPair, PairKind, PairTable, connected_groups
from leukokit.audit.probes.against_model import PairedAnswers
from leukokit.audit.probes.inputs import probe_inputs, sharpness_numbers
from leukokit.audit.probes.missing import missing_pattern
from leukokit.audit.probes.probe import ProbeData, ProbeFold, ProbeResult
from leukokit.audit.probes.segmentation import counts_and_areas
from leukokit.audit.probes.stored import cached_probe
from leukokit.engine.cache.store import Store
from leukokit.engine.observer import Observer
from leukokit.engine.provenance import groups_are
from leukokit.engine.traits import groups_of
from leukokit.evaluation.divided_groups import divided_groups
from leukokit.recipe.audit import Limits
from leukokit.smear.pool import SURE


class AuditChecks:
    """All checks of one audit.

    Parameters
    ----------
    audit_input : AuditInput
    measured : MeasuredImages
        The readable images.
    pairs : PairTable
        Rows are those of ``measured``.
    scales : DataFrame
        As in ``scale.csv``, of the readable images.
    store : Store or None
        Cache for the results of probes.
    """

    def __init__(
        self,
        audit_input: AuditInput,
        measured: MeasuredImages,
        pairs: PairTable,
        scales: pd.DataFrame,
        store: Store | None,
    ) -> None:
        self._store = store
        self._input = audit_input
        self._all = measured
        self._pairs = pairs
        self._scales = scales.set_index("id")
        self._spec = audit_input.recipe.model.audit
        self._seed = audit_input.recipe.seed
        self._kept = np.flatnonzero([item.sample.label is not None for item in measured.items])
        self._labeled = measured.rows(self._kept)

    @cached_property
    def _ids(self) -> list[str]:
        return [item.sample.id for item in self._labeled.items]

    @cached_property
    def _labels(self) -> NDArray[np.str_]:
        return np.array([item.sample.label for item in self._labeled.items], dtype=np.str_)

    @cached_property
    def _units(self) -> NDArray[np.str_]:
        """Group of each labeled image: the data set's groups, joined where images show the same cells."""
        return self._all_units[self._kept]

    @cached_property
    def _all_units(self) -> NDArray[np.str_]:
        items = self._all.items
        first: dict[tuple[str, str], int] = {}
        links = list(self._pairs.pairs)
        for row, item in enumerate(items):
            shared = [("picture", item.key)] + ([("group", item.sample.group)] if item.sample.group else [])
            for key in shared:
                first_row = first.setdefault(key, row)
                if first_row != row:
                    links.append(MatchedPair(first_row, row, PairKind.OVERLAP))
        numbers = connected_groups(len(items), links)
        return np.array([f"group-{number + 1:05d}" for number in numbers], dtype=np.str_)

    def groups(self) -> Mapping[str, str]:
        """Group of every readable image."""
        ids = [item.sample.id for item in self._all.items]
        return dict(zip(ids, self._all_units.tolist(), strict=True))

    def findings(self) -> list[CheckFinding]:
        """Run every check except the probes."""
        audit_input, spec, seed = self._input, self._spec, self._seed
        findings = [self._rejected_finding()]
        findings += self._pair_findings()
        findings.append(self._groups_finding())
        if not len(self._ids):
            return findings
        labels, units, measured = self._labels.tolist(), self._units.tolist(), self._labeled
        findings += [
            class_balance(labels, _limit(spec.class_balance)),
            stain_spread(
                measured.background,
                measured.foreground,
                labels,
                units,
                _limit(spec.stain_spread),
                seed=seed,
            ),
            burned_in_marks(
                measured.marks,
                measured.foreground,
                labels,
                units,
                _limit(spec.burned_in_marks),
                seed=seed,
            ),
            self._files_finding(),
            empty_foreground(measured.foreground, labels, self._ids, _limit(spec.empty_foreground)),
        ]
        findings += self._picture_findings()
        findings += self._source_findings()
        findings.append(self._label_finding())
        findings += self._scale_findings()
        if audit_input.recipe.segment is not None:
            findings += self._segmentation_findings()
        if audit_input.leaks is not None:
            findings.append(leaks(audit_input.leaks, _limit(spec.leaks)))
        if audit_input.no_split:
            findings.append(
                skipped(
                    "probes",
                    f"no probe was fitted: {audit_input.no_split}",
                    "Give the recipe a split that fits.",
                )
            )
        return findings

    def _picture_findings(self) -> list[CheckFinding]:
        measured, spec, seed = self._labeled, self._spec, self._seed
        parts = self._input.parts()
        images = Images(
            self._labels, self._units, np.array([parts.get(id_, "") for id_ in self._ids], dtype=np.str_)
        )
        blur, unit = relative_blur(measured.blur, self._red_cells_px)
        light, foreground = measured.background[:, 0], measured.foreground
        levels = measured.exposure[:, :4]
        labels = self._labels.tolist()
        quality = picture_quality(
            levels, blur, unit, foreground, labels, self._ids, _limit(spec.picture_quality)
        )
        sharp, lit = _limit(spec.sharpness_spread), _limit(spec.exposure_spread)
        return [
            sharpness_spread(measured.blur, self._red_cells_px, images, sharp, seed=seed),
            exposure_spread(light, foreground, images, lit, seed=seed),
            quality,
        ]

    def _label_finding(self) -> CheckFinding:
        """Judge labels by the recipe's features, or by color and sharpness where there are none."""
        measured, images = self._labeled, self._input.images
        values = np.hstack([measured.color, measured.glass, measured.red_cells, sharpness_numbers(measured)])
        if images is not None and len(images.features.columns):
            values = images.features.reindex(self._ids).to_numpy(dtype=np.float64)
        known = np.isfinite(values).any(axis=1)
        labels, units = self._labels[known], self._units[known]
        probabilities = (
            cached_probabilities(values[known], labels, units, seed=self._seed, store=self._store)
            if known.any()
            else None
        )
        ids = np.asarray(self._ids)[known].tolist()
        return label_noise(probabilities, labels, units, ids, _limit(self._spec.label_noise))

    def _source_findings(self) -> list[CheckFinding]:
        if self._cells:
            return []
        labels, units = self._labels.tolist(), self._units.tolist()
        devices, spec, seed = self._labeled.devices, self._spec, self._seed
        return [
            camera_and_software(devices, labels, units, _limit(spec.camera_and_software), seed=seed),
            file_names(self._ids, labels, units, _limit(spec.file_names), seed=seed),
        ]

    @property
    def _red_cells_px(self) -> NDArray[np.float64]:
        """Diameter of the red cells of each labeled image, in px; NaN where they could not be measured."""
        table = self._scales.loc[self._ids]
        sure = table["measured_confidence"] >= SURE
        return table["measured_px"].where(sure).to_numpy(dtype=np.float64)

    def _files_finding(self) -> CheckFinding:
        if self._cells:
            text = "The size of a crop is that of its cell."
            return skipped("file_properties", "cells of one file can be of any class", text)
        measured = self._labeled
        return file_properties(
            measured.kinds,
            8 * measured.bytes / measured.size.prod(axis=1),
            self._labels.tolist(),
            self._units.tolist(),
            _limit(self._spec.file_properties),
            seed=self._seed,
        )

    @property
    def _cells(self) -> bool:
        """Whether samples are cells that leukokit has cut out of images."""
        return bool(self._input.data.fields)

    def _rejected_finding(self) -> CheckFinding:
        items = [item for item in self._input.data.items if item.sample.label is not None]
        lost = [
            (item.sample.id, item.sample.label, why.reason)
            for item, why in self._all.rejected
            if item.sample.label is not None
        ]
        return rejected_images(
            lost, [item.sample.label or "" for item in items], _limit(self._spec.rejected_images)
        )

    def _pair_findings(self) -> list[CheckFinding]:
        parts = self._input.parts()
        images = AuditedImages(
            ids=[item.sample.id for item in self._all.items],
            labels=[item.sample.label for item in self._all.items],
            parts=[parts.get(item.sample.id) for item in self._all.items],
        )
        pairs, spec = self._pairs.pairs, self._spec
        return [
            label_conflicts(pairs, images, _limit(spec.label_conflicts)),
            exact_duplicates(pairs, images, _limit(spec.exact_duplicates)),
            near_duplicates(pairs, images, _limit(spec.near_duplicates)),
            across_parts(pairs, images, _limit(spec.across_parts)),
            neighbors_alike(self._pairs, _limit(spec.neighbors_alike)),
        ]

    def _groups_finding(self) -> CheckFinding:
        data, folds = self._input.data, self._input.folds
        samples = [item.sample for item in data.items if item.sample.label is not None]
        classes: dict[str, set[str]] = {}
        for sample in samples:
            classes.setdefault(sample.group or "", set()).add(sample.label or "")
        return groups_across_parts(
            divided_groups(folds, groups_of(samples)) if folds else None,
            {group: ", ".join(sorted(labels)) for group, labels in classes.items()},
            groups_are(self._input.recipe, data),
            _limit(self._spec.groups_across_parts),
        )

    def _scale_findings(self) -> list[CheckFinding]:
        table, spec = self._scales.loc[self._ids], self._spec
        labels, units = self._labels.tolist(), self._units.tolist()
        measured = self._red_cells_px
        known = table["um_per_px"].notna().to_numpy()
        findings = [
            scale_spread(measured, labels, units, _limit(spec.scale_spread), seed=self._seed),
            scale_unknown(known, labels, self._ids, _limit(spec.scale_unknown)),
        ]
        stated = table["source"].isin([ScaleSource.GIVEN.value, ScaleSource.FILE.value])
        if stated.any():
            given = table["red_cell_px"].where(stated).to_numpy(dtype=np.float64)
            findings.append(scale_mismatch(given, measured, self._ids, _limit(spec.scale_mismatch)))
        return findings

    def _segmentation_findings(self) -> list[CheckFinding]:
        images = self._input.images
        status = images.status if images is not None else {}
        rows = [row for row, id_ in enumerate(self._ids) if id_ in status]
        if not rows:
            text = "Run the recipe to see its failures."
            return [skipped(check, "no image was segmented", text) for check in (FAILURES, IMPLAUSIBLE)]
        ids, labels = [self._ids[row] for row in rows], self._labels[rows].tolist()
        statuses = [status[id_] for id_ in ids]
        return [
            segmentation_failures(statuses, labels, ids, _limit(self._spec.segmentation_failures)),
            implausible_segmentation(statuses, labels, ids, _limit(self._spec.implausible_segmentation)),
        ]

    def probes(self, observer: Observer) -> list[ProbeResult]:
        """Fit every probe that has input; none without a split or with one class."""
        audit_input = self._probe_data()
        if audit_input is None:
            return []
        segmented = self._input.images
        counted = None if segmented is None else counts_and_areas(segmented.features, self._ids)
        inputs = probe_inputs(
            self._labeled, self._spec, cells=self._cells, counted=counted, missing=self._missing_pattern()
        )
        observer.stage("audit: probes", len(inputs))
        probes = []
        for each in inputs:
            limit = _limit(each.limits)
            probes.append(
                cached_probe(each.name, each.what, each.blocks, audit_input, limit, store=self._store)
            )
            observer.advance()
        return probes

    def against_model(self, probes: Sequence[ProbeResult]) -> PairedAnswers | None:
        """Put the model beside the probes, image by image; None where its answers are not known."""
        data = self._probe_data()
        return None if data is None else PairedAnswers.of(data, self._ids, probes)

    def _missing_pattern(self) -> NDArray[np.float64] | None:
        images = self._input.images
        if images is None or (not images.status and not len(images.features.columns)):
            return None
        features = images.features.reindex(self._ids).to_numpy(dtype=np.float64, copy=True)
        known = set(images.features.index)
        has_features = np.array([id_ in known for id_ in self._ids], dtype=bool)
        # Images that a later step rejected are in no part that a probe predicts; treat them as complete.
        features[~has_features] = 0.0
        status: list[Status | None] = [images.status.get(id_) for id_ in self._ids]
        return missing_pattern(features, status)

    def _probe_data(self) -> ProbeData | None:
        audit_input = self._input
        if not audit_input.folds or len(np.unique(self._labels)) < 2:
            return None
        part = tested_part(audit_input.folds)
        usable = set(self._ids)
        if audit_input.images is not None:
            usable &= set(audit_input.images.features.index)
        rows = {id_: row for row, id_ in enumerate(self._ids) if id_ in usable}
        folds = []
        for fold in audit_input.folds:
            train, test = (
                np.array([rows[id_] for id_ in fold.ids(own) if id_ in rows], dtype=np.intp)
                for own in (Part.TRAIN, part)
            )
            if len(train) and len(test):
                folds.append(ProbeFold(train, test, fold.name))
        if not folds:
            return None
        return ProbeData(self._labels, self._units, folds, audit_input.model, self._seed)


def _limit(limits: Limits) -> Limit:
    return Limit(limits.warn, limits.fail)
