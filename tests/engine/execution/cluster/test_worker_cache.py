"""Workers with a cache of their own: what is small comes home, what is large stays where it was made."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from leukokit.engine.cache.store import Store
from leukokit.engine.execution.cluster.worker import CACHE_VARIABLE
from tests.engine.conftest import Leukokit
from tests.engine.execution.cluster.conftest import cluster, outputs


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("theirs") / "cache"


@pytest.fixture(scope="module")
def scheduler(theirs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a cluster whose workers have a cache of their own."""
    with cluster(tmp_path_factory.mktemp("cluster"), **{CACHE_VARIABLE: str(theirs)}) as address:
        yield address


def rows(cache: Path) -> dict[str, int]:
    """Count what a cache holds of each image step."""
    return {entry.title: entry.items for entry in Store(cache).entries() if entry.kind == "images"}


def payloads(cache: Path, title: str) -> dict[str, bytes]:
    import sqlite3

    (entry,) = [each for each in Store(cache).entries() if each.title == title]
    with sqlite3.connect(entry.path) as connection:
        return dict(connection.execute("SELECT key, payload FROM rows"))


@pytest.mark.slow
def test_features_and_cells_come_home_and_labels_stay(
    scheduler: str, theirs: Path, recipe: Path, cli: Leukokit, tmp_path: Path
) -> None:
    """A second run finds its features here, to the byte what this machine would have kept."""
    run = ["run", recipe, "--set", "explain=[]", "--set", "cells=true", "--run-dir"]
    there = ["--executor", "dask", "--scheduler", scheduler]
    done = cli(*run, "first", *there)
    assert done.returncode == 0, done.stderr
    features = {"features.0.intensity": 40, "features.1.morphology": 40, "cells": 40}
    assert {title: rows(tmp_path / "cache").get(title) for title in features} == features
    made = {"segment.multi_otsu": 40, **features}
    assert {title: rows(theirs).get(title) for title in made} == made

    done = cli(*run, "again", *there, "--explain-plan")
    assert done.returncode == 0, done.stderr
    journal = (tmp_path / "again" / "journal.jsonl").read_text()
    # The scale, the filter, the labels, two kinds of features and the cells.
    assert journal.count('"did": "cached for 40"') == 6, journal

    done = cli(*run, "alone", "--executor", "inline", "--cache-dir", "other")
    assert done.returncode == 0, done.stderr
    assert outputs(tmp_path / "first") == outputs(tmp_path / "again") == outputs(tmp_path / "alone")
    tables = {(tmp_path / name / "cells.parquet").read_bytes() for name in ("first", "again", "alone")}
    assert len(tables) == 1
    for title in features:
        assert payloads(tmp_path / "cache", title) == payloads(tmp_path / "other", title)


@pytest.mark.slow  # two runs on a cluster
def test_without_a_cache_workers_keep_nothing(
    scheduler: str, theirs: Path, recipe: Path, cli: Leukokit
) -> None:
    """And cells, which are written from the cache, are refused."""
    before = rows(theirs)
    recipe.write_text(recipe.read_text().replace("size: 3", "size: 7"))
    done = cli("run", recipe, "--no-cache", "--executor", "dask", "--scheduler", scheduler)
    assert done.returncode == 0, done.stderr
    assert rows(theirs) == before
    done = cli(
        "run", recipe, "--no-cache", "--set", "cells=true", "--executor", "dask", "--scheduler", scheduler
    )
    assert done.returncode == 2
    assert "a run on dask writes cells from the cache, and it has none" in done.stderr
