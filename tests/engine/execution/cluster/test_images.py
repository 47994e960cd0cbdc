"""Images on a cluster: the bytes of one process, whatever happens to the workers."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from distributed import Client

from leukokit.engine.execution.cluster.requirements import ComponentCode, Requirements, check, versions
from leukokit.errors import UsageError
from tests.engine.conftest import FAULTY, RECIPE, Leukokit
from tests.engine.execution.cluster.conftest import cluster, kill_a_busy_worker, outputs
from tests.served import served


def test_results_are_those_of_one_process_to_the_byte(
    scheduler: str, recipe: Path, cli: Leukokit, tmp_path: Path
) -> None:
    for name, options in {"alone": ["inline"], "cluster": ["dask", "--scheduler", scheduler]}.items():
        done = cli("run", recipe, "--no-cache", "--run-dir", name, "--executor", *options)
        assert done.returncode == 0, done.stderr
    assert outputs(tmp_path / "alone") == outputs(tmp_path / "cluster")


@pytest.mark.slow  # two runs on a cluster
def test_images_by_url_are_read_by_the_workers(
    scheduler: str, copied: Path, recipe: Path, cli: Leukokit, tmp_path: Path
) -> None:
    pytest.importorskip("aiohttp")
    with served(copied) as url:
        recipe.write_text(RECIPE.format(root=f'"{url}"'))
        for name, options in {"alone": ["inline"], "cluster": ["dask", "--scheduler", scheduler]}.items():
            done = cli("run", recipe, "--no-cache", "--run-dir", name, "--executor", *options)
            assert done.returncode == 0, done.stderr
    assert outputs(tmp_path / "alone") == outputs(tmp_path / "cluster")


@pytest.mark.slow
def test_a_worker_killed_in_the_middle_loses_nothing(
    scheduler: str, recipe: Path, cli: Leukokit, tmp_path: Path, environment: dict[str, str]
) -> None:
    text = recipe.read_text().replace("multi_otsu", "kmeans_watershed").replace("size: 3", "size: 5")
    recipe.write_text(text)
    command = [sys.executable, "-m", "leukokit", "run", str(recipe), "--run-dir", "killed", "--no-cache"]
    command += ["--executor", "dask", "--scheduler", scheduler, "--set", "explain=[]"]
    run = subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True)
    with Client(scheduler) as client:
        kill_a_busy_worker(client, lambda: run.poll() is None)
    _, told = run.communicate(timeout=120)
    assert run.returncode == 0, told
    done = cli(
        "run", recipe, "--no-cache", "--run-dir", "alone", "--executor", "inline", "--set", "explain=[]"
    )
    assert done.returncode == 0, done.stderr
    assert outputs(tmp_path / "alone") == outputs(tmp_path / "killed")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mode", "reason"),
    [("segfault", "worker_died"), pytest.param("hang", "timeout", marks=pytest.mark.slow)],
)
def test_an_image_that_takes_workers_along_is_named(
    mode: str,
    reason: str,
    scheduler: str,
    copied: Path,
    recipe: Path,
    cli: Leukokit,
    tmp_path: Path,
    mark: Callable[[Path], None],
) -> None:
    mark(copied / "few" / "07.png")
    recipe.write_text(
        recipe.read_text().replace(
            "preprocess: [", f"preprocess: [{{use: faulty/step, params: {{mode: {mode}}}}}, "
        )
    )
    done = cli(
        "run", recipe, "--run-dir", "run", "--executor", "dask", "--scheduler", scheduler, "--timeout", "3"
    )
    assert done.returncode == 0, done.stderr
    rejected = pd.read_csv(tmp_path / "run" / "rejected.csv")
    assert rejected[["id", "reason"]].values.tolist() == [["few/07.png", reason]]


def test_a_cluster_of_this_machine_needs_no_address(recipe: Path, cli: Leukokit, tmp_path: Path) -> None:
    done = cli(
        "run", recipe, "--run-dir", "run", "--executor", "dask", "--workers", "1", "--set", "explain=[]"
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run" / "status.json").exists()


def test_a_scheduler_that_is_not_there_is_named(recipe: Path, cli: Leukokit) -> None:
    done = cli("run", recipe, "--executor", "dask", "--scheduler", "tcp://127.0.0.1:9")
    assert done.returncode == 2
    assert "--scheduler tcp://127.0.0.1:9: the dask scheduler cannot be reached" in " ".join(
        done.stderr.split()
    )
    assert "dask worker ADDRESS" in done.stderr


def test_a_scheduler_without_dask_is_a_mistake(recipe: Path, cli: Leukokit) -> None:
    done = cli("run", recipe, "--scheduler", "tcp://127.0.0.1:8786")
    assert done.returncode == 2
    assert "--scheduler is for --executor dask" in done.stderr


def test_a_worker_with_other_versions_is_refused_before_it_works() -> None:
    other = tuple((name, "0.0.1" if name == "numpy" else here) for name, here in versions())
    with pytest.raises(UsageError, match=r"the dask worker 7 has numpy .* instead of 0\.0\.1") as told:
        check(Requirements(other), "the dask worker 7")
    assert "same versions on all workers" in str(told.value)


@pytest.mark.slow
def test_a_worker_with_other_code_of_a_plugin_is_refused(recipe: Path, cli: Leukokit, tmp_path: Path) -> None:
    """Also under the same version; where the plugin is absent, that is what is said."""
    changed = Path(shutil.copytree(FAULTY, tmp_path / "changed"))
    with (changed / "leukokit_faulty" / "components.py").open("a") as source:
        source.write("# another formula\n")
    path = os.pathsep.join(filter(None, [str(changed), os.environ.get("PYTHONPATH")]))
    with cluster(tmp_path, PYTHONPATH=path) as address:
        step = ["--set", "preprocess=[faulty/noise]", "--set", "explain=[]"]
        done = cli("run", recipe, "--no-cache", "--executor", "dask", "--scheduler", address, *step)
    assert done.returncode == 2, done.stderr
    told = " ".join(done.stderr.split())
    assert re.search(r"the dask worker tcp://127\.0\.0\.1:\d+ has other code of Noise: ", told)
    here, there = r"leukokit-faulty 0\.1, code (?!\1)\w{8};", r"leukokit-faulty 0\.1, code (\w{8}),"
    assert re.search(f"{there} instead of {here}", told)
    assert "Install the same versions on all workers, and start them again" in told
    absent = ComponentCode("leukokit_absent", "Noise", "leukokit-absent 1.0", "0" * 32, ())
    with pytest.raises(UsageError, match=r"7 cannot import Noise of leukokit-absent 1\.0"):
        check(Requirements(versions(), (absent,)), "the dask worker 7")
