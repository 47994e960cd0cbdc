"""An audit as a page of its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from leukokit.engine.io.files import write_bytes
from leukokit.record.audit import AuditRecord
from leukokit.report.html import render_audit


def write_audit_page(
    path: Path, audit: AuditRecord, pictures: Mapping[str, bytes], *, title: str = "Data"
) -> None:
    """Write an audit as one self-contained HTML file, whole or not at all.

    Parameters
    ----------
    path : Path
        File to write.
    audit : AuditRecord
    pictures : mapping of id to bytes
        Thumbnails (WebP, see :func:`leukokit.engine.io.pictures.thumbnail`) of images that the audit names;
        those without one are named without a picture.
    title : str
        Name of the data set or recipe.

    Raises
    ------
    RunFailed
        Where the disk is full or the file cannot be written.
    """
    write_bytes(path, render_audit(audit, pictures, title=title).encode("utf-8"))
