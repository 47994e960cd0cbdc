"""All looks, in the order in which they are shown."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from leukokit.catalog import discover
from leukokit.engine.doctor.cache import look_at_cache
from leukokit.engine.doctor.data import look_at_data
from leukokit.engine.doctor.finding import Finding
from leukokit.engine.doctor.libraries import look_at_opencv, look_at_tensorflow
from leukokit.engine.doctor.machine import look_at_machine
from leukokit.engine.doctor.packages import look_at_packages
from leukokit.engine.doctor.plugins import look_at_plugins


def examine(cache: Path) -> list[Finding]:
    """Look at everything that a run depends on.

    Plugins are asked again, whatever is kept of them, and what they answer is kept. Libraries and plugins are
    loaded in processes of their own, each with a time limit.

    Parameters
    ----------
    cache : Path
        The cache folder.
    """
    # Damage is looked for first: asking the plugins again repairs what is kept of them.
    kept = list(look_at_cache(cache))
    catalog = discover(cache=cache, again=True)
    with ThreadPoolExecutor(max_workers=2) as pool:  # the slow ones, each of which waits for a process
        opencv = pool.submit(lambda: list(look_at_opencv()))
        tensorflow = pool.submit(lambda: list(look_at_tensorflow()))
        rest = [*look_at_plugins(catalog), *look_at_data(catalog), *kept]
    return [*look_at_machine(cache), *look_at_packages(), *opencv.result(), *tensorflow.result(), *rest]
