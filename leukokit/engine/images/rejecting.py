"""Why an image is left out, from the error that a step raised."""

from __future__ import annotations

import traceback

from leukokit.api import ImageRejected, LeukokitError
from leukokit.engine.components.call import ComponentFailed
from leukokit.engine.images.plan import Rejection


def rejection_of(stage: str, error: Exception) -> Rejection:
    """Say why an image is left out; called while ``error`` is handled."""
    match error:
        case ImageRejected():
            return Rejection(stage, error.reason, error.detail)
        case ComponentFailed():
            reason = "out_of_memory" if error.out_of_memory else "plugin_error"
            return Rejection(stage, reason, error.of_image, error.trace)
        case LeukokitError():
            return Rejection(stage, "plugin_error", str(error))
        case MemoryError():
            return Rejection(stage, "out_of_memory", str(error))
    return Rejection(stage, "plugin_error", f"{type(error).__name__}: {error}", traceback.format_exc())
