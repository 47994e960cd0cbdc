"""Whatever a foreign component does: it is named, and the run goes on or ends with a reason.

The installed command is driven, with the faulty plugin as a distribution of its own.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pandas as pd
import pytest

Leukokit = Callable[..., "subprocess.CompletedProcess[str]"]
Mark = Callable[[Path], None]

PLUGIN = "leukokit-faulty 0.1"
TOLD = "https://faulty.example/issues"

RECIPE = """
leukokit: 1
name: door
seed: 5
audit: {{enabled: false}}
data: {{use: faulty/pictures, params: {{root: {root}, misdeed: {samples}, wrong: {wrong}}}}}
split: {{method: holdout, test: 0.25, validation: 0.25}}
features: [intensity]
classify: {{use: faulty/means, params: {{misdeed: {misdeed}, place: {place}, proba: {proba}}}}}
explain: [{{use: faulty/spread, params: {{misdeed: {explain}}}}}, {{use: permutation_importance, params:
{{repeats: 2}}}}]
"""

WORDS = {
    "raise": "RuntimeError: this plugin cannot cope",
    "sys_exit": "tried to end the whole process (SystemExit: 0)",
    "base_exception": "Rude: rude",
    "keyboard_interrupt": "raised KeyboardInterrupt, and nobody had interrupted",
    "os_exit": "its process died, exit code 0",
    "segfault": "its process died, signal SIGSEGV",
}
METHODS = {
    "samples": "FaultyPictures.samples",
    "fit": "FaultyMeans.fit",
    "predict": "FaultyMeans.predict_proba",
    "save": "FaultyMeans.save",
    "load": "FaultyMeans.load",
    "explain": "FaultySpread.explain",
}


def few(values: Iterable[str], *fast: str) -> list[object]:
    """All values; all but some are slow."""
    return [pytest.param(value, marks=() if value in fast else pytest.mark.slow) for value in values]


def all_pairs(places: Sequence[str], others: Sequence[str]) -> list[object]:
    """All pairs. Those beyond one for each value of both are slow: a pair is a whole run."""
    return [
        pytest.param(place, other, marks=() if i % len(others) == j % len(places) else pytest.mark.slow)
        for i, place in enumerate(places)
        for j, other in enumerate(others)
    ]


RESULTS = ("metrics.json", "predictions.csv", "features.parquet", "split.csv", "rejected.csv")

Write = Callable[..., Path]


@pytest.fixture
def write(copied: Path, tmp_path: Path) -> Write:
    """Write the recipe with one fault in it."""

    def recipe(
        place: str = "fit", misdeed: str = "none", *, wrong: str = "none", proba: str = "right"
    ) -> Path:
        elsewhere = place in ("samples", "explain")
        path = tmp_path / "door.yaml"
        path.write_text(
            RECIPE.format(
                root=copied,
                samples=misdeed if place == "samples" else "none",
                explain=misdeed if place == "explain" else "none",
                misdeed="none" if elsewhere else misdeed,
                place="fit" if elsewhere else place,
                wrong=wrong,
                proba=proba,
            )
        )
        return path

    return recipe


@pytest.fixture(scope="session")
def sound(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Results of a run without faults, by file name; filled by the first test that needs them."""
    return {}


def check_results(run: Path, sound: dict[str, bytes], cli: Leukokit, write: Write) -> None:
    """Compare a run with one in which nothing goes wrong."""
    if not sound:
        done = cli("run", write(), "--run-dir", "sound", "--no-cache")
        assert done.returncode == 0, done.stderr
        sound.update({name: (run.parent / "sound" / name).read_bytes() for name in RESULTS})
    for name in RESULTS:
        if name == "predictions.csv":  # the paths in it are those of each test
            expected = pd.read_csv(io.BytesIO(sound[name])).drop(columns="path")
            pd.testing.assert_frame_equal(
                pd.read_csv(run / name).drop(columns="path"), expected, check_exact=True
            )
        else:
            assert (run / name).read_bytes() == sound[name], name


@pytest.mark.parametrize(("place", "misdeed"), all_pairs(["samples", "fit", "predict", "save"], list(WORDS)))
def test_what_no_run_can_do_without_ends_it_with_a_name(
    write: Write, cli: Leukokit, tmp_path: Path, place: str, misdeed: str
) -> None:
    """Exit code 1, never 0: component, distribution, method and whom to tell; nothing looks finished."""
    done = cli("run", write(place, misdeed), "--run-dir", "out")
    assert done.returncode == 1, done.stderr
    assert f"{METHODS[place]} of {PLUGIN}: {WORDS[misdeed]}" in done.stderr
    assert TOLD in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out" / "status.json").exists()


@pytest.mark.parametrize("misdeed", few(WORDS, "os_exit"))
def test_an_explainer_that_fails_costs_its_explanation(
    write: Write, cli: Leukokit, tmp_path: Path, sound: dict[str, bytes], misdeed: str
) -> None:
    """Exit code 0 and a warning; the other explanation and all numbers are there."""
    done = cli("run", write("explain", misdeed), "--run-dir", "out")
    assert done.returncode == 0, done.stderr
    told = f"there is no explanation by faulty/spread: FaultySpread.explain of {PLUGIN}: {WORDS[misdeed]}"
    assert told in done.stderr
    assert TOLD in done.stderr
    assert not (tmp_path / "out" / "explanations" / "faulty.spread.csv").exists()
    assert (tmp_path / "out" / "explanations" / "permutation_importance.csv").exists()
    check_results(tmp_path / "out", sound, cli, write)


@pytest.mark.parametrize("misdeed", few(WORDS, "sys_exit"))
def test_a_model_that_cannot_be_loaded_back_is_told(
    write: Write, cli: Leukokit, tmp_path: Path, sound: dict[str, bytes], misdeed: str
) -> None:
    """The scores are those of the model that was fitted; its folder says that it is of no use."""
    done = cli("run", write("load", misdeed), "--run-dir", "out")
    assert done.returncode == 0, done.stderr
    assert "model cannot be loaded for predictions: " in done.stderr
    assert f"FaultyMeans.load of {PLUGIN}: {WORDS[misdeed]}" in done.stderr
    document = json.loads((tmp_path / "out" / "model" / "pipeline.json").read_text())
    assert WORDS[misdeed] in document["incomplete"]
    check_results(tmp_path / "out", sound, cli, write)


def test_a_model_that_comes_back_as_another_is_told(write: Write, cli: Leukokit, tmp_path: Path) -> None:
    """It loads, and predicts other probabilities than the model that was fitted."""
    done = cli("run", write(proba="other"), "--run-dir", "out")
    assert done.returncode == 0, done.stderr
    assert "is not the one that was fitted: probabilities differ by up to" in done.stderr
    assert json.loads((tmp_path / "out" / "model" / "pipeline.json").read_text())["incomplete"] is not None


@pytest.mark.parametrize("executor", ["auto", "inline"])
@pytest.mark.parametrize("place", few(METHODS, "predict"))
def test_what_a_component_changes_of_the_process_is_put_back(
    write: Write, cli: Leukokit, tmp_path: Path, sound: dict[str, bytes], place: str, executor: str
) -> None:
    """Settings, folder, random numbers, logging, stdout, and a thread that would never end."""
    started = time.monotonic()
    done = cli(
        "run", write(place, "disturb"), "--run-dir", "out", "--executor", executor, "--json", timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - started < 100
    assert json.loads(done.stdout)["exit_code"] == 0
    assert "written by a plugin" in done.stderr
    check_results(tmp_path / "out", sound, cli, write)


@pytest.mark.parametrize("place", few(["samples", "fit"], "fit"))
def test_endless_memory_ends_the_call_and_not_the_machine(write: Write, cli: Leukokit, place: str) -> None:
    """The process of the component is ended at the limit."""
    done = cli("run", write(place, "endless"), "--run-dir", "out", "--worker-memory", 0.5, "--workers", 2)
    assert done.returncode == 1, done.stderr
    assert f"{METHODS[place]} of {PLUGIN}: its process used" in done.stderr
    assert "of memory, more than 1.0 GiB" in done.stderr


@pytest.mark.parametrize(
    ("proba", "words"),
    [
        ("nan", "are not all finite numbers from 0 on: nan for class 0 in row 0, and 0 more"),
        pytest.param(
            "negative",
            "are not all finite numbers from 0 on: -0.25 for class 0 in row 0, and 0 more",
            marks=pytest.mark.slow,
        ),
        pytest.param("sum", "sums to 1.01, 0.01 away, and 9 more rows", marks=pytest.mark.slow),
        pytest.param("float32", "are float32, expected float64", marks=pytest.mark.slow),
        pytest.param("shape", "have the shape (10, 1), expected (10, 2)", marks=pytest.mark.slow),
        pytest.param("list", "are a list, expected a float64 array (10, 2)", marks=pytest.mark.slow),
        ("write", "changed the features of the examples, which are for reading only"),
    ],
)
def test_probabilities_that_are_none_are_refused(write: Write, cli: Leukokit, proba: str, words: str) -> None:
    """Nothing is corrected in silence."""
    done = cli("run", write(proba=proba), "--run-dir", "out")
    assert done.returncode == 1, done.stderr
    assert words in done.stderr
    assert f"FaultyMeans.predict_proba of {PLUGIN}" in done.stderr


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("label", "sample 40 (id 'few/x'): label is 1, a int; expected a str or None"),
        pytest.param("path", "a str; expected a pathlib.Path or None", marks=pytest.mark.slow),
        pytest.param(
            "group",
            "sample 40 (id 'few/x'): group is 7, a int; expected a str or None",
            marks=pytest.mark.slow,
        ),
        pytest.param("twice", "samples 0 and 40 have the same id 'few/00.png'", marks=pytest.mark.slow),
    ],
)
def test_samples_that_are_none_name_field_and_data_set(
    write: Write, cli: Leukokit, wrong: str, words: str
) -> None:
    done = cli("run", write(wrong=wrong), "--run-dir", "out")
    assert done.returncode == 1, done.stderr
    assert f"FaultyPictures.samples of {PLUGIN}: " in done.stderr
    assert words in done.stderr


@pytest.mark.parametrize(
    ("mode", "reason", "detail"),
    [
        pytest.param(
            "sys_exit",
            "plugin_error",
            f"{WORDS['sys_exit']} (FaultyStep.apply of {PLUGIN})",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "base_exception",
            "plugin_error",
            f"{WORDS['base_exception']} (FaultyStep.apply of {PLUGIN})",
            marks=pytest.mark.slow,
        ),
        (
            "keyboard_interrupt",
            "plugin_error",
            f"{WORDS['keyboard_interrupt']} (FaultyStep.apply of {PLUGIN})",
        ),
        pytest.param(
            "unlock",
            "plugin_error",
            "ValueError: cannot set WRITEABLE flag to True of this array",
            marks=pytest.mark.slow,
        ),
        ("endless", "out_of_memory", "the worker process used more than 0.5 GiB of memory"),
    ],
)
def test_an_image_step_costs_its_image_only(
    mark: Mark,
    copied: Path,
    recipe: Path,
    cli: Leukokit,
    tmp_path: Path,
    mode: str,
    reason: str,
    detail: str,
) -> None:
    mark(copied / "few" / "03.png")
    step = f"preprocess: [{{use: faulty/step, params: {{mode: {mode}}}}}, "
    recipe.write_text(recipe.read_text().replace("preprocess: [", step))
    done = cli("run", recipe, "--run-dir", "out", "--workers", 2, "--worker-memory", 0.5)
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(tmp_path / "out" / "rejected.csv").set_index("id")
    assert table["reason"].to_dict() == {"few/03.png": reason}
    assert detail in table.loc["few/03.png", "detail"]
    assert len(pd.read_parquet(tmp_path / "out" / "features.parquet")) == 39


@pytest.mark.parametrize(
    ("value", "detail"),
    [
        ("array", "feature faulty_mean is an array of shape (3,), expected one number"),
        pytest.param("text", "feature faulty_mean is '12', expected one number", marks=pytest.mark.slow),
        pytest.param(
            "swap", "AttributeError: property 'rgb' of 'Planes' object has no setter", marks=pytest.mark.slow
        ),
    ],
)
def test_features_that_are_no_numbers_are_named(
    mark: Mark, copied: Path, recipe: Path, cli: Leukokit, tmp_path: Path, value: str, detail: str
) -> None:
    mark(copied / "few" / "03.png")
    text = recipe.read_text().replace("[{use: median, params: {size: 3}}]", "[]")  # it would blur the mark
    recipe.write_text(
        text.replace("features: [", f"features: [{{use: faulty/value, params: {{value: {value}}}}}, ")
    )
    done = cli("run", recipe, "--run-dir", "out")
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(tmp_path / "out" / "rejected.csv").set_index("id")
    assert list(table.index) == ["few/03.png"]
    assert detail in table.loc["few/03.png", "detail"]
    assert PLUGIN in table.loc["few/03.png", "detail"]


def test_a_leak_does_not_lose_an_image(
    mark: Mark, copied: Path, recipe: Path, cli: Leukokit, tmp_path: Path
) -> None:
    """30 MiB lost a call, 1.2 GiB for all images: workers are replaced before or at the limit of 0.7 GiB."""
    for path in copied.rglob("*.png"):
        mark(path)
    step = "preprocess: [{use: faulty/step, params: {mode: leak}}, "
    recipe.write_text(recipe.read_text().replace("preprocess: [", step))
    done = cli("run", recipe, "--run-dir", "out", "--workers", 1, "--worker-memory", 0.7)
    assert done.returncode == 0, done.stderr
    assert not len(pd.read_csv(tmp_path / "out" / "rejected.csv"))


def test_an_exit_code_of_0_means_a_finished_run(
    write: Write, environment: dict[str, str], cli: Leukokit
) -> None:
    """Where nothing starts a process for a component, its exit is an error all the same."""
    done = cli("run", write("fit", "sys_exit"), "--executor", "inline", "--run-dir", "out")
    assert done.returncode == 1
    assert f"FaultyMeans.fit of {PLUGIN}" in done.stderr
    assert os.environ.get("LEUKOKIT_CACHE") != environment["LEUKOKIT_CACHE"]


@pytest.mark.parametrize("misdeed", few(("os_exit", "raise", "segfault"), "segfault"))
def test_a_setting_that_fails_while_it_is_tried_is_named(write: Write, cli: Leukokit, misdeed: str) -> None:
    """Component, distribution, setting and whom to tell, not only that tuning failed."""
    path = write()
    path.write_text(f"{path.read_text()}tune: {{cv: 2, grid: {{classify.misdeed: [none, {misdeed}]}}}}\n")
    done = cli("run", path)
    assert done.returncode == 1, done.stderr
    place = f"FaultyMeans.fit or predict_proba of {PLUGIN}, while trying classify.misdeed={misdeed}"
    assert f"{place}: {WORDS[misdeed]}" in done.stderr
    assert TOLD in done.stderr
