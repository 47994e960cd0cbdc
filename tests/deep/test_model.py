"""Fitted networks: files, prediction, views."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from leukokit.api import Examples, LeukokitError
from leukokit.api.deep import NetworkModel
from leukokit.deep.model import resize
from leukokit.deep.views import Views, averaged, views_of
from leukokit.plugins.classify.keras_cnn import KerasCnn
from leukokit.testing.networks import TinyCnn

SmallCnn = Callable[..., TinyCnn]


@pytest.fixture(scope="module")
def model(small_cnn: SmallCnn, train: Examples) -> NetworkModel:
    """Train a network for a few epochs."""
    fitted: NetworkModel = small_cnn(epochs=5, learning_rate=0.01).fit(train, seed=1)
    return fitted


_FRESH = """
import sys
from pathlib import Path
import numpy as np
from leukokit.testing.networks import TinyCnn
from leukokit.testing.tables import examples
model = TinyCnn.create(side=64).load(Path(sys.argv[1]))
np.save(sys.argv[2], model.predict_proba(examples(2, n=12, images=True, image_size=64)))
"""


def test_a_fresh_process_gives_the_same_probabilities(
    model: NetworkModel, validation: Examples, tmp_path: Path
) -> None:
    """Saved without pickle, loaded elsewhere, the same to the bit."""
    folder = tmp_path / "model"
    folder.mkdir()
    model.save(folder)
    assert sorted(path.name for path in folder.iterdir()) == ["model.weights.h5", "network.json"]
    done = subprocess.run([sys.executable, "-c", _FRESH, str(folder), str(tmp_path / "p.npy")])
    assert done.returncode == 0
    np.testing.assert_array_equal(np.load(tmp_path / "p.npy"), model.predict_proba(validation))


def test_the_same_model_gives_the_same_bytes(model: NetworkModel, tmp_path: Path) -> None:
    """Model files can be compared by checksum."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        model.save(tmp_path / name)
    first, second = ((tmp_path / name / "model.weights.h5").read_bytes() for name in ("a", "b"))
    assert first == second


def test_keras_itself_reads_the_weights(model: NetworkModel, small_cnn: SmallCnn, tmp_path: Path) -> None:
    """Users are not tied to leukokit: the file is one of Keras' own."""
    model.save(tmp_path)
    network = small_cnn().load(tmp_path).network
    network.load_weights(tmp_path / "model.weights.h5")


def test_links_and_outside_storage_are_refused(
    model: NetworkModel, small_cnn: SmallCnn, tmp_path: Path
) -> None:
    """A weights file that points at other files is refused before Keras sees it."""
    model.save(tmp_path)
    with h5py.File(tmp_path / "model.weights.h5", "a") as file:
        file["stolen"] = h5py.ExternalLink("/etc/hostname", "/")
    with pytest.raises(LeukokitError, match="holds a link, 'stolen'"):
        small_cnn().load(tmp_path)


def test_weights_that_unpack_to_more_than_the_memory_are_refused(
    model: NetworkModel, small_cnn: SmallCnn, tmp_path: Path
) -> None:
    """HDF5 keeps a terabyte of zeros in some kilobytes."""
    model.save(tmp_path)
    with h5py.File(tmp_path / "model.weights.h5", "a") as file:
        file.create_dataset("zeros", shape=(1 << 38,), dtype="float32", chunks=(1 << 20,), compression="gzip")
    with pytest.raises(LeukokitError, match=r"unpacks to 1,099\.5 GB; expected at most 8 GB"):
        small_cnn().load(tmp_path)


def test_a_model_of_another_recipe_is_refused(
    model: NetworkModel, small_cnn: SmallCnn, tmp_path: Path
) -> None:
    """Weights of another network do not fit, and that is what the error says."""
    other = KerasCnn.create(backbone="MobileNetV2", alpha=0.35, weights="none", side=64)
    model.save(tmp_path)
    with pytest.raises(LeukokitError, match="weights do not fit the network"):
        other.load(tmp_path)
    with pytest.raises(LeukokitError, match="takes images of 64 px, the classifier's side is 96"):
        small_cnn(side=96).load(tmp_path)


def test_made_up_classes_are_refused(model: NetworkModel, small_cnn: SmallCnn, tmp_path: Path) -> None:
    """Classes that are no text are no classes."""
    model.save(tmp_path)
    (tmp_path / "network.json").write_text(json.dumps({"classes": [1, 2], "side": 64}))
    with pytest.raises(LeukokitError, match="not a network that leukokit wrote"):
        small_cnn().load(tmp_path)


def test_scores_before_softmax_belong_to_the_same_network(model: NetworkModel, validation: Examples) -> None:
    """Softmax of the scores is the prediction."""
    assert validation.images is not None
    scores = np.asarray(model.logits.predict(model.batch(validation.images), verbose=0), dtype=np.float64)
    proba = np.exp(scores - scores.max(axis=1, keepdims=True))
    proba /= proba.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(proba, model.predict_proba(validation), atol=1e-5)


def test_views_are_averaged(model: NetworkModel, validation: Examples) -> None:
    """Over all eight views, a turned image gets the probabilities of the upright one."""
    assert validation.images is not None
    turned = replace(validation, images=[np.rot90(image).copy() for image in validation.images])
    eight = replace(model, tta="dihedral")
    np.testing.assert_allclose(eight.predict_proba(turned), eight.predict_proba(validation), atol=1e-5)
    assert not np.allclose(model.predict_proba(turned), model.predict_proba(validation), atol=1e-5)


def test_no_images_give_no_rows(model: NetworkModel) -> None:
    """An empty part is no error."""
    assert model.predict_proba(Examples(ids=[], images=[])).shape == (0, 3)  # type: ignore[arg-type]


BATCHES = arrays.arrays(np.int64, st.tuples(st.integers(1, 3), st.just(4), st.just(4), st.just(2)))


@given(BATCHES)
def test_the_eight_views_are_all_flips_and_turns(batch: np.ndarray) -> None:
    """Each view of the dihedral group comes once; the first is the batch itself."""
    views = [view.tobytes() for view in views_of("dihedral", batch)]
    expected = [np.rot90(view, k, (1, 2)) for k in range(4) for view in (batch, batch[:, ::-1])]
    assert views[0] == batch.tobytes()
    assert sorted(views) == sorted(np.ascontiguousarray(view).tobytes() for view in expected)


@pytest.mark.parametrize(("kind", "count"), [("none", 1), ("flips", 4), ("dihedral", 8)])
def test_an_average_is_one(kind: Views, count: int) -> None:
    """The mean over views of a sum is the sum; so many views are asked for."""
    calls = []
    batch = np.arange(2 * 3 * 3.0).reshape(2, 3, 3, 1)
    average = averaged(kind, batch, lambda view: calls.append(1) or view.sum(axis=(1, 2)))  # type: ignore[func-returns-value]
    np.testing.assert_allclose(average, batch.sum(axis=(1, 2)))
    assert len(calls) == count


@given(arrays.arrays(np.uint8, st.tuples(st.integers(1, 70), st.integers(1, 70), st.just(3))))
def test_resizing_stays_within_the_image(image: np.ndarray) -> None:
    """Any shape becomes 32 x 32, no value leaves the image's range, and 32 x 32 stays as it is."""
    small = resize(image, 32)
    assert small.shape == (32, 32, 3)
    assert image.min() <= small.min()
    assert small.max() <= image.max()
    assert resize(small, 32) is small
