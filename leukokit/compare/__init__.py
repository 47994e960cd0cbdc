"""Compare finished runs on the images that they tested."""

from leukokit.compare.compared_run import ComparedRun
from leukokit.compare.comparison import Comparison, compare
from leukokit.compare.run_pair import ChangedImage, Pair

__all__ = ["ChangedImage", "ComparedRun", "Comparison", "Pair", "compare"]
