"""A small catalog of made-up components, so that recipes are tested apart from the built-ins."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

import pytest

from leukokit.api import ComponentSpec, Kind
from leukokit.catalog import KINDS, BrokenPlugin, Catalog, CatalogEntry
from leukokit.errors import Problem, RecipeError
from leukokit.recipe import Recipe, load_recipe_text

PARTS = """
from pathlib import Path
from typing import Literal
from pydantic import field_validator, model_validator
from leukokit.api import *


class FolderParams(Params):
    root: Path = Field(Path("images"), description="Folder.")

class Folder(Dataset):
    Params = FolderParams

class MedianParams(Params):
    size: int = Field(3, ge=3, le=99, description="Window, in px; odd.")

    @field_validator("size")
    @classmethod
    def odd(cls, value):
        if value % 2 == 0:
            raise ValueError("the window must be odd")
        return value

class Median(Preprocessor):
    Params = MedianParams

class OtsuParams(Params):
    red_cells: bool = Field(False, description="Also red cells.")

class Otsu(Segmenter):
    Params = OtsuParams
    def roles(self):
        return ("nucleus", "cell", "red_cell") if self.params.red_cells else ("nucleus", "cell")

class NucleiOnly(Segmenter):
    def roles(self):
        return ("nucleus",)

class Needy(Segmenter):
    requires = ("no_such_package_281",)
    install_hint = "pip install no-such-package"

class Shape(FeatureExtractor):
    def roles(self):
        return ("nucleus", "cell")
    def names(self):
        return ("area", "perimeter")

class Reds(FeatureExtractor):
    def roles(self):
        return ("red_cell",)
    def names(self):
        return ("reds",)

class TintParams(Params):
    channels: tuple[Literal["red", "green", "blue"], ...] = Field(("red",), description="Channels.")
    bins: int | Literal["auto"] = Field("auto", description="Number of bins.")

class Tint(FeatureExtractor):
    Params = TintParams
    def names(self):
        return tuple(f"mean_{name}" for name in self.params.channels)

class Moody(FeatureExtractor):
    def names(self):
        raise RuntimeError("not today")

class BestParams(Params):
    k: int = Field(40, ge=1, description="Columns kept.")

class Best(Selector):
    Params = BestParams

class MachineParams(Params):
    kernel: Literal["rbf", "linear"] = Field("rbf", description="Kernel.")
    C: float = Field(10.0, gt=0, description="Penalty.")
    low: float = Field(0.0, description="Low.")
    high: float = Field(1.0, description="High.")

    @model_validator(mode="after")
    def ordered(self):
        if self.low >= self.high:
            raise ValueError("low must be below high")
        return self

class Machine(Classifier):
    Params = MachineParams

class Network(Classifier):
    consumes = frozenset({Consumes.IMAGES})

class Importance(Explainer):
    pass

class HeatMap(Explainer):
    explains = frozenset({Consumes.IMAGES})
"""

NAMES = {
    Kind.DATASET: {"folder": "Folder"},
    Kind.PREPROCESSOR: {"median": "Median"},
    Kind.SEGMENTER: {"nuclei_only": "NucleiOnly", "otsu": "Otsu", "needy": "Needy"},
    Kind.FEATURE_EXTRACTOR: {"shape": "Shape", "reds": "Reds", "tint": "Tint", "moody": "Moody"},
    Kind.SELECTOR: {"best": "Best"},
    Kind.CLASSIFIER: {"machine": "Machine", "network": "Network", "extra/forest": "Machine"},
    Kind.EXPLAINER: {"importance": "Importance", "heat_map": "HeatMap"},
}


@pytest.fixture(scope="session")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    """Make a catalog of the made-up components, and one broken plugin."""
    folder = tmp_path_factory.mktemp("parts")
    (folder / "leukokit_test_parts.py").write_text(PARTS)
    sys.path.insert(0, str(folder))
    entries = [
        CatalogEntry(
            kind, name, ComponentSpec(name, f"leukokit_test_parts:{cls}", f"The {name}."), "parts", "1.0"
        )
        for kind in KINDS
        for name, cls in NAMES[Kind(kind.name)].items()
    ]
    yield Catalog(entries, [BrokenPlugin("torn", "leukokit-torn 0.1", "ImportError: no module named x")])
    sys.path.remove(str(folder))


@pytest.fixture
def load(catalog: Catalog) -> Callable[..., Recipe]:
    """Load a recipe from text."""

    def load(text: str | bytes, **kwargs: object) -> Recipe:
        return load_recipe_text(text, catalog, source="r.yaml", **kwargs)  # type: ignore[arg-type]

    return load


@pytest.fixture
def problems(load: Callable[..., Recipe]) -> Callable[..., list[Problem]]:
    """Load a recipe that must be refused, and return what is wrong with it."""

    def problems(text: str | bytes, **kwargs: object) -> list[Problem]:
        with pytest.raises(RecipeError) as caught:
            load(text, **kwargs)
        assert caught.value.exit_code == 2
        return list(caught.value.problems)

    return problems


@pytest.fixture
def good() -> str:
    """Give a recipe that uses every stage."""
    return """\
leukokit: 1
name: good
data: {use: folder}
preprocess:
  - median
  - use: median
    params: {size: 5}
segment: otsu
features: [shape, {use: tint, params: {channels: [red, blue]}}]
select: {use: best, params: {k: 2}}
classify: {use: machine, params: {C: 96}}
tune: {cv: 3, grid: {classify.C: [1, 1e-4], classify.kernel: [rbf, linear]}}
explain: importance
"""
