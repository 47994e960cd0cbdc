"""Comparison of finished runs on the same test images."""

from leukokit.compare.compared_run import ComparedRun
from leukokit.compare.comparison import Comparison, compare
from leukokit.compare.run_pair import ChangedImage, PairComparison

__all__ = ["ChangedImage", "ComparedRun", "Comparison", "PairComparison", "compare"]
