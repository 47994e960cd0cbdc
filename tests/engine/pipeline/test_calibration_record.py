"""A calibration goes through its file and comes back the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from leukokit.engine.pipeline.calibration_record import calibration_record, fitted_calibration
from leukokit.evaluation.calibration import METHODS, FittedCalibration, fit_calibration
from leukokit.record.files import CALIBRATION
from leukokit.record.reading import read_json

CLASSES = ("Benign", "Early", "Pre", "Pro")


def fitted(method: str, seen: int = 4) -> tuple[FittedCalibration, np.ndarray]:
    rng = np.random.default_rng(8)
    proba = rng.dirichlet(np.ones(4), 150)
    true = proba[:, :seen].argmax(axis=1)
    return fit_calibration(method, true, proba, CLASSES), proba  # type: ignore[arg-type]


@pytest.mark.parametrize("method", METHODS)
def test_a_calibration_survives_its_file(method: str, tmp_path: Path) -> None:
    """Written and read again it does the very same, read as a record or from plain JSON."""
    calibration, proba = fitted(method)
    (tmp_path / "model").mkdir()
    (tmp_path / CALIBRATION.name).write_bytes(calibration_record(calibration).to_bytes())
    again = fitted_calibration(CALIBRATION.read(tmp_path))
    assert again == calibration
    assert (again.apply(proba) == calibration.apply(proba)).all()
    assert FittedCalibration.from_json(read_json(tmp_path, CALIBRATION.name)) == calibration


def test_a_file_holds_what_its_method_needs_and_no_more() -> None:
    """A temperature has no curves, curves have no temperature; a class that was not seen has null."""
    temperature = calibration_record(fitted("temperature")[0]).plain()
    common = {"format", "method", "fitted_on", "samples", "classes"}
    assert set(temperature) == common | {"temperature"}
    isotonic = calibration_record(fitted("isotonic", seen=3)[0]).plain()
    assert set(isotonic) == common | {"curves"}
    assert isotonic["curves"][3] is None


def test_a_class_whose_name_is_no_utf8_is_written_as_it_is() -> None:
    calibration = FittedCalibration("temperature", ("a\udcff", "b"), 5, temperature=1.5)
    assert b'"a\xff"' in calibration_record(calibration).to_bytes()
