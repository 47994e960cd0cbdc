"""``python -m leukokit``."""

from __future__ import annotations

from leukokit.cli import main

main(prog_name="leukokit")
