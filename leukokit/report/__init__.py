"""Figures, model cards and the report of a run directory."""

from __future__ import annotations

import logging

_UNWRITABLE_HOME = (
    "mkdir -p failed for path",
    "is not a writable directory",
    "created a temporary",
    "is building the font cache",
)


def _is_of_interest(record: logging.LogRecord) -> bool:
    """Whether a message of matplotlib says more than that the home folder cannot be written to.

    It then uses a temporary folder, lists the fonts anew, and no figure changes.
    """
    return not any(text in str(record.msg) for text in _UNWRITABLE_HOME)


# A filter does not reach loggers of other modules; these two are imported after this one.
for _module in ("matplotlib", "matplotlib.font_manager"):
    logging.getLogger(_module).addFilter(_is_of_interest)
