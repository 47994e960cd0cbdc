"""One small run, and pictures to predict with its model."""

from __future__ import annotations

from pathlib import Path

import pytest

import leukokit
from leukokit.engine.pipeline.fitted import FittedPipeline
from leukokit.engine.pipeline.load import load_pipeline

RECIPE = """
leukokit: 1
name: small
seed: 5
audit: {{enabled: false}}
data: {{use: folder, params: {{root: {root}}}}}
split: {{method: holdout, test: 0.25, validation: 0.25}}
preprocess: [reinhard]
segment: {{use: multi_otsu}}
features: [intensity, morphology]
select: [{{use: pca, params: {{n_components: 4}}}}]
classify: {{use: svm, params: {{C: 10}}}}
calibrate: temperature
operating_point: {{negative: [few], sensitivity: 0.9}}
"""


@pytest.fixture(scope="session")
def trained(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run directory of a small recipe; no test may change it."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "recipe.yaml").write_text(RECIPE.format(root=pictures))
    result = leukokit.run(
        folder / "recipe.yaml", run_dir=folder / "run", cache=None, executor="inline", report=False
    )
    return result.path


@pytest.fixture(scope="session")
def pipeline(trained: Path) -> FittedPipeline:
    """Load the fitted pipeline of that run."""
    from leukokit.catalog import discover

    loaded = load_pipeline(trained, discover())
    assert isinstance(loaded, FittedPipeline)
    return loaded
