"""Two versions of a plugin and one cache: new code gives new numbers, old code is not run again."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tests.engine.distribution import COMPONENTS, Distribution

RECIPE = """
leukokit: 1
name: numbers
seed: 1
audit: {{enabled: false}}
data: {{use: folder, params: {{root: {root}}}}}
features: [{{use: made/numbers}}]
"""
NAMES = ("brightness", "width")
DARKNESS = "def brightness(image):\n    return 255.0 - float(image.mean())\n"


@pytest.fixture
def numbers(pictures: Path, tmp_path: Path) -> Path:
    path = tmp_path / "numbers.yaml"
    path.write_text(RECIPE.format(root=pictures))
    return path


@pytest.fixture
def made(tmp_path: Path, environment: dict[str, str]) -> Distribution:
    return Distribution(tmp_path / "site", environment)


def run(made: Distribution, recipe: Path, name: str, *options: str) -> tuple[pd.DataFrame, str]:
    """Features of a run with one cache for all, and what it says of the plan."""
    folder = recipe.parent
    done = made.run(folder, "run", recipe, "--run-dir", name, "--explain-plan", *options)
    assert done.returncode == 0, done.stderr
    table = pd.read_parquet(folder / name / "features.parquet").set_index("id")
    return table[[name for name in table if name in NAMES]], done.stdout + done.stderr


def test_the_same_code_is_not_run_again(made: Distribution, numbers: Path) -> None:
    """In this process or in others: the second run takes every row from the cache."""
    made.write()
    first, said = run(made, numbers, "first", "--executor", "processes", "--workers", "2")
    assert "ran on 40" in said
    second, said = run(made, numbers, "second", "--executor", "inline")
    assert "cached for 40" in said
    assert second.equals(first)


@pytest.mark.parametrize(
    ("version", "files", "why"),
    [
        pytest.param(
            "1.1",
            {"components.py": COMPONENTS.replace("brightness(planes.rgb)", "255.0 - brightness(planes.rgb)")},
            "leukokit-made: 1.0 -> 1.1",
            id="formula",
        ),
        pytest.param("1.0", {"formula.py": DARKNESS}, "its code changed", id="helper-module"),
        pytest.param(
            "1.0",
            {
                "components.py": COMPONENTS.replace("from leukokit_made.formula", "from .inner"),
                "inner.py": "from . import formula\nbrightness = formula.brightness\n",
                "formula.py": DARKNESS,
            },
            "its code changed",
            id="relative-imports",
        ),
    ],
)
def test_new_code_of_the_same_revision_is_run(
    made: Distribution, numbers: Path, version: str, files: dict[str, str], why: str
) -> None:
    """A formula, or a module that it imports: nobody has to remember to raise a revision."""
    made.write()
    first, _ = run(made, numbers, "first")
    made.write(version, files)
    second, said = run(made, numbers, "second")
    assert "ran on 40" in said
    assert why in said
    assert (second["brightness"] - (255.0 - first["brightness"])).abs().max() < 1e-9


def test_a_new_version_of_the_same_code_is_run(made: Distribution, numbers: Path) -> None:
    """A file of data or a compiled part may be what is new."""
    made.write()
    first, _ = run(made, numbers, "first")
    made.write("1.0.1")
    second, said = run(made, numbers, "second")
    assert "leukokit-made: 1.0 -> 1.0.1" in said
    assert second.equals(first)


def test_names_in_another_order_keep_their_values(made: Distribution, numbers: Path) -> None:
    """A value is never read back under the name of another, even where the code looks the same."""
    reads_order = COMPONENTS.replace(
        'return ("brightness", "width")', 'return tuple(Path("order").read_text().split())'
    )
    made.write(files={"components.py": reads_order})
    order = numbers.parent / "order"
    order.write_text("brightness width")
    first, _ = run(made, numbers, "first")
    order.write_text("width brightness")
    second, _ = run(made, numbers, "second")
    assert list(first.columns) == ["brightness", "width"]
    assert list(second.columns) == ["width", "brightness"]
    assert second[["brightness", "width"]].equals(first)
