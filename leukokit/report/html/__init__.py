"""One self-contained HTML page a run."""

from leukokit.report.html.page import numbers, render_audit, render_run

__all__ = ["numbers", "render_audit", "render_run"]
