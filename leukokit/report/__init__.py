"""Figures, model cards and the report of a run directory."""

from __future__ import annotations

import logging

_UNWRITABLE_HOME = ("mkdir -p failed for path", "is not a writable directory", "created a temporary")


def _is_of_interest(record: logging.LogRecord) -> bool:
    """Whether a message of matplotlib says more than that the home folder cannot be written to.

    It then uses a temporary folder, and no figure changes.
    """
    return not any(text in str(record.msg) for text in _UNWRITABLE_HOME)


# Messages of matplotlib's first module only, which is imported after this one.
logging.getLogger("matplotlib").addFilter(_is_of_interest)
