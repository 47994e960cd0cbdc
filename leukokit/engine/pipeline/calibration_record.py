"""A fitted calibration as the record of ``calibration.json`` and ``pipeline.json``, and back."""

from __future__ import annotations

from leukokit.evaluation.calibration import Curve, FittedCalibration
from leukokit.record.base import FORMAT
from leukokit.record.calibration import CalibrationCurve, CalibrationRecord


def calibration_record(calibration: FittedCalibration) -> CalibrationRecord:
    """Give the record of a calibration; :func:`fitted_calibration` gives the calibration back."""
    curves = None
    if calibration.temperature is None:
        curves = tuple(
            None if curve is None else CalibrationCurve(x=curve.x, y=curve.y) for curve in calibration.curves
        )
    return CalibrationRecord(
        format=FORMAT,
        method=calibration.method,
        fitted_on="validation",
        samples=calibration.samples,
        classes=calibration.classes,
        temperature=calibration.temperature,
        curves=curves,
    )


def fitted_calibration(record: CalibrationRecord) -> FittedCalibration:
    """Give the calibration that a record was made of."""
    curves = tuple(
        None if curve is None else Curve(tuple(curve.x), tuple(curve.y)) for curve in record.curves or ()
    )
    return FittedCalibration(record.method, record.classes, record.samples, record.temperature, curves)
