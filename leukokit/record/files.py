"""The JSON files of a run directory, each with its model and the largest size that is read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from leukokit.record.audit import AuditRecord
from leukokit.record.base import Record
from leukokit.record.calibration import CalibrationRecord
from leukokit.record.comparison import ComparisonRecord
from leukokit.record.explanations import ExplainedPictures, HeatFacts, PictureIndex, SegmentedPictures
from leukokit.record.folder import MEGABYTE, has_file
from leukokit.record.metrics import Metrics
from leukokit.record.provenance import Plan, Provenance, RunStatus
from leukokit.record.reading import read_record
from leukokit.record.recipe import ResolvedRecipe
from leukokit.record.verdict import VerdictRecord

R = TypeVar("R", bound=Record | PictureIndex)


@dataclass(frozen=True)
class RecordFile(Generic[R]):
    """One JSON file of a run directory.

    Attributes
    ----------
    name : str
        Path in the run directory.
    model : type of record
    most : int
        Largest size that is read, bytes.
    """

    name: str
    model: type[R]
    most: int = 64 * MEGABYTE

    def read(self, root: Path) -> R:
        """Read it from a run directory; see :func:`leukokit.record.reading.read_record` for the errors."""
        return read_record(root, self.name, self.model, self.most)

    def find(self, root: Path) -> R | None:
        """Read it; None where the run has no such file."""
        return self.read(root) if has_file(root, self.name) else None


RESOLVED = RecordFile("resolved.json", ResolvedRecipe, 16 * MEGABYTE)
STATUS = RecordFile("status.json", RunStatus, MEGABYTE)
METRICS = RecordFile("metrics.json", Metrics)
AUDIT = RecordFile("audit.json", AuditRecord)
VERDICT = RecordFile("verdict.json", VerdictRecord, MEGABYTE)
PROVENANCE = RecordFile("provenance.json", Provenance, 256 * MEGABYTE)  # a line for each image
PLAN = RecordFile("plan.json", Plan)
PICTURES = RecordFile("pictures/index.json", PictureIndex)
CALIBRATION = RecordFile("model/calibration.json", CalibrationRecord)
EXPLAINED = RecordFile("pictures/explained/index.json", ExplainedPictures)
SEGMENTED = RecordFile("pictures/segmented/index.json", SegmentedPictures)
HEAT = RecordFile("explanations/<explainer>/heat.json", HeatFacts, MEGABYTE)
COMPARISON = RecordFile("compare --json", ComparisonRecord)

ALL: tuple[RecordFile[Record] | RecordFile[PictureIndex], ...] = (
    METRICS,  # type: ignore[assignment]
    AUDIT,
    VERDICT,
    RESOLVED,
    PROVENANCE,
    PLAN,
    STATUS,
    CALIBRATION,
    HEAT,
    PICTURES,
    EXPLAINED,
    SEGMENTED,
    COMPARISON,
)
"""In the order of the documentation; the last is printed, not written."""
