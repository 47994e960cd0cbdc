"""The benchmark's U-Net: NumPy computes what Keras trained, redrawing leaves the rules' cells in place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from leukokit.api import CELL, NUCLEUS, Labels

BENCHMARKS = str(Path(__file__).parents[2] / "benchmarks")


@pytest.fixture(autouse=True)
def on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(BENCHMARKS)


def test_numpy_computes_what_keras_does(tmp_path: Path) -> None:
    """Shares of both agree to the rounding of float16 weights, on sizes that are no multiple of 8, too."""
    keras = pytest.importorskip("keras")
    from unet.forward import Network
    from unet.train import network, save

    keras.utils.set_random_seed(3)
    model = network()
    rng = np.random.default_rng(3)
    for weights in model.weights:  # statistics of batches as after training, so that folding them shows
        if "moving" in weights.path or "gamma" in weights.path:
            weights.assign(rng.uniform(0.5, 1.5, weights.shape))
    save(model, tmp_path / "weights.npz")
    planes = rng.normal(size=(40, 56, 6)).astype(np.float32)
    expected = keras.ops.softmax(model.predict(planes[None], verbose=0))[0]
    shares = Network(tmp_path / "weights.npz")(planes)
    np.testing.assert_allclose(shares, np.asarray(expected), atol=0.02)
    assert Network(tmp_path / "weights.npz")(planes[:37, :51]).shape == (37, 51, 3)


def squares() -> tuple[Labels, np.ndarray]:
    """Two cells with nuclei; the network sees the first 2 px wider, and nothing of the second."""
    cell = np.zeros((60, 120), np.int32)
    cell[20:40, 20:40], cell[20:40, 80:100] = 1, 2
    nucleus = np.zeros_like(cell)
    nucleus[25:35, 25:35], nucleus[25:35, 85:95] = 1, 2
    shares = np.zeros((60, 120, 3), np.float32)
    shares[..., 0] = 1
    shares[18:42, 18:42] = (0, 1, 0)
    shares[25:35, 25:35] = (0, 0, 1)
    return Labels({NUCLEUS: nucleus, CELL: cell}), shares


def test_outlines_move_and_cells_stay() -> None:
    """An outline moves to the network's within reach; an unseen cell keeps the rules' outline."""
    from unet.refine import redrawn

    labels, shares = squares()
    new = redrawn(labels, shares, reach=4, share=1.0)
    assert np.count_nonzero(new.cell == 1) > np.count_nonzero(labels.cell == 1)
    assert np.array_equal(new.cell == 2, labels.cell == 2)
    assert np.array_equal(new.nucleus, labels.nucleus)
    near = redrawn(labels, shares, reach=1, share=1.0)
    assert np.count_nonzero(near.cell == 1) < np.count_nonzero(new.cell == 1)


def test_planes_do_not_depend_on_exposure_or_stain_strength() -> None:
    """Half the light, or twice the stain, gives the same input but for rounding."""
    from unet.planes import planes

    rng = np.random.default_rng(0)
    density = np.zeros((64, 64, 3))
    density[10:30, 10:30] = (0.1, 0.2, 0.1)
    density[40:50, 40:50] = (0.3, 0.4, 0.2)
    red = density[..., 1] == 0.2
    images = [
        np.rint(light * 10 ** -(strength * density) + rng.normal(0, 0.01, density.shape)).astype(np.uint8)
        for light, strength in ((235.0, 1.0), (160.0, 1.0), (235.0, 1.5))
    ]
    first, *others = (planes(image, red) for image in images)
    for other in others:
        np.testing.assert_allclose(other, first, atol=0.06)
