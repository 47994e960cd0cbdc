"""A component that ends its process where a run only asks what it is: named, and never exit code 0."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

PLUGIN = "leukokit-faulty 0.1"

Leukokit = Callable[..., "subprocess.CompletedProcess[str]"]

CASES = [
    ("data", "divided", "FaultySplits", ("splits", "default_split")),
    ("preprocess", "learner", "FaultyLearner", ("Params", "__init__", "fingerprint", "needs_fit", "state")),
    ("segment", "roles", "FaultyRoles", ("roles",)),
    ("features", "named", "FaultyNames", ("roles", "names", "nullable")),
]

ASK_ALL = """
import json, sys
from leukokit.catalog import discover
from leukokit.engine.execution.inline import InlineExecutor
from leukokit.engine.execution.processes import ProcessExecutor
from leukokit.engine.observer import Observer
from leukokit.engine.rehearsal import rehearse
from leukokit.errors import RunFailed

def ask(catalog, stage, name, place, misdeed, executor):
    text = f"{stage}: {{use: faulty/{name}, params: {{place: {place}, misdeed: {misdeed}}}}}"
    try:
        rehearse(text.encode(), catalog, overrides=(), executor=executor, observer=Observer())
    except RunFailed as error:
        return [str(error), error.hint]
    return None

if __name__ == "__main__":
    catalog = discover(cache=None)
    told = {}
    for stage, name, _, places in json.loads(sys.argv[1]):
        for place in places:
            told[f"{name} {place}"] = ask(catalog, stage, name, place, "os_exit", ProcessExecutor(1))
        told[f"{name} raises"] = ask(catalog, stage, name, places[-1], "raise", ProcessExecutor(1))
        told[f"{name} inline"] = ask(catalog, stage, name, places[-1], "os_exit", InlineExecutor())
    print(json.dumps(told))
"""


def test_each_method_that_ends_its_process_is_named(environment: dict[str, str], tmp_path: Path) -> None:
    """Component, method, distribution, how it died, and whom to tell; what only raises is no matter here."""
    script = tmp_path / "ask.py"
    script.write_text(ASK_ALL)
    command = [sys.executable, str(script), json.dumps(CASES)]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    for _, name, component, places in CASES:
        for place in places:
            said, hint = told.pop(f"{name} {place}")
            assert f"{component}.{place} of {PLUGIN}: its process died, exit code 0" in said
            assert "Report this to" in hint
        assert told.pop(f"{name} raises") is None
        assert told.pop(f"{name} inline") is None
    assert not told


def test_a_component_that_dies_on_import_ends_the_run_with_its_name(
    recipe: Path, cli: Leukokit, tmp_path: Path
) -> None:
    """Exit code 1 and not that of the component, 0; overrides are looked at, too."""
    done = cli("run", recipe, "--run-dir", "out", "--set", "features=[faulty/deadly]")
    assert done.returncode == 1, done.stderr
    assert f"the import of leukokit_faulty.deadly of {PLUGIN}: its process died, exit code 0" in done.stderr
    assert "Report this to" in done.stderr
    assert not (tmp_path / "out" / "status.json").exists()


def test_the_state_of_a_fit_is_restored_in_its_process_first(recipe: Path, cli: Leukokit) -> None:
    """The process of the run does the same afterwards."""
    text = recipe.read_text()
    step = "{use: faulty/learner, params: {place: restore, misdeed: os_exit}}"
    recipe.write_text(text.replace("[{use: median, params: {size: 3}}]", f"[{step}]"))
    done = cli("run", recipe)
    assert done.returncode == 1, done.stderr
    assert f"FaultyLearner.restore of {PLUGIN}: its process died, exit code 0" in done.stderr


def test_check_and_show_ask_in_an_isolated_process(
    recipe: Path, cli: Leukokit, environment: dict[str, str]
) -> None:
    """A component that ends its process, crashes or is silent is named, with exit code 1 and no traceback."""
    environment["LEUKOKIT_PLUGIN_SECONDS"] = "4"  # enough for the import of a plugin on a busy machine
    for component in ("deadly", "named"):
        recipe.with_name(f"{component}.yaml").write_text(
            recipe.read_text().replace("features: [", f"features: [faulty/{component}, ")
        )
    names = "features.faulty/named"
    silence = ("--set", f"{names}.place=names", "--set", f"{names}.misdeed=silence")
    crash = ("--set", f"{names}.place=roles", "--set", f"{names}.misdeed=segfault")
    for command, place, how in (
        (("show", "faulty/deadly"), "the import of leukokit_faulty.deadly", "its process died, exit code 0"),
        (("check", "deadly.yaml"), "the import of leukokit_faulty.deadly", "its process died, exit code 0"),
        (("check", "named.yaml", *crash), "FaultyNames.roles", "its process died, signal SIGSEGV"),
        (("check", "named.yaml", *silence), "FaultyNames.names", "no sign of life for 4 s"),
    ):
        done = cli(*command)
        assert done.returncode == 1, (command, done.stderr)
        assert f"error: {place} of {PLUGIN}: {how}" in done.stderr
        assert "Report this to" in done.stderr
        assert "Traceback" not in done.stderr


def test_predict_loads_in_an_isolated_process_first(recipe: Path, cli: Leukokit, tmp_path: Path) -> None:
    """A component that ends the process that loads it is named; its rows are not begun."""
    text = recipe.read_text().replace("[{use: median, params: {size: 3}}]", "[faulty/learner]")
    recipe.write_text(text[: text.index("explain:")])
    assert cli("run", recipe, "--run-dir", "out").returncode == 0
    pipeline = tmp_path / "out" / "model" / "pipeline.json"
    stored = json.loads(pipeline.read_text())
    stored["preprocess"][0]["params"] = {"place": "restore", "misdeed": "os_exit"}
    pipeline.write_text(json.dumps(stored))
    done = cli("predict", "out", "pictures", "--out", "rows.csv")
    assert done.returncode == 1, done.stderr
    assert f"error: FaultyLearner.restore of {PLUGIN}: its process died, exit code 0" in done.stderr
    assert not (tmp_path / "rows.csv").exists()


def test_a_classifier_that_ends_the_process_that_predicts_is_named(
    recipe: Path, cli: Leukokit, tmp_path: Path
) -> None:
    """Never exit code 0 without the rows; a model that behaves predicts as in its run."""
    text = recipe.read_text()
    recipe.write_text(text[: text.index("select:")] + "classify: faulty/means\n")
    assert cli("run", recipe, "--run-dir", "out").returncode == 0
    done = cli("predict", "out", "pictures", "--out", "good.csv")
    assert done.returncode == 0, done.stderr
    run, again = (pd.read_csv(tmp_path / name) for name in ("out/predictions.csv", "good.csv"))
    again = again.set_index(again["image"].str.removeprefix("pictures/")).loc[run["id"]]
    assert again["p_many"].to_numpy() == pytest.approx(run["p_many"].to_numpy(), abs=1e-6)
    pipeline = tmp_path / "out" / "model" / "pipeline.json"
    stored = json.loads(pipeline.read_text())
    stored["classify"]["params"] |= {"place": "predict", "misdeed": "os_exit"}
    pipeline.write_text(json.dumps(stored))
    done = cli("predict", "out", "pictures", "--out", "rows.csv")
    assert done.returncode == 1, done.stderr
    assert f"error: FaultyMeans.predict_proba of {PLUGIN}: its process died, exit code 0" in done.stderr
