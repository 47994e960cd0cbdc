"""Compare finished runs on the images that they tested."""

from leukokit.engine.compare.compared_run import ComparedRun
from leukokit.engine.compare.comparison import Comparison, compare
from leukokit.engine.compare.pair import ChangedImage, Pair

__all__ = ["ChangedImage", "ComparedRun", "Comparison", "Pair", "compare"]
