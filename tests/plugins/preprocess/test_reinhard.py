"""Reinhard's transfer of color statistics."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pydantic import ValidationError

from leukokit.api import DataError, PluginError, read_image
from leukokit.plugins.preprocess.reinhard import Reinhard

PAPER_MEAN = np.array([211.3, 136.5, 115.8])
PAPER_STD = np.array([39.8, 17.0, 21.8])
IMAGES = hnp.arrays(np.uint8, st.tuples(st.integers(1, 24), st.integers(1, 24), st.just(3)))


def statistics(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    lab = cv2.cvtColor(image, cv2.COLOR_RGB2LAB).reshape(-1, 3).astype(np.float64)
    return lab.mean(axis=0), lab.std(axis=0)


def obvious(image: np.ndarray, mean: np.ndarray, std: np.ndarray) -> np.ndarray:
    """Transfer as the formula is written, on the whole image in float64."""
    lab = cv2.cvtColor(image, cv2.COLOR_RGB2LAB)
    own_mean, own_std = (np.ravel(value) for value in cv2.meanStdDev(lab))
    gain = np.where(own_std > 0, std / np.where(own_std > 0, own_std, 1), 1)
    moved = (lab.astype(np.float64) - own_mean) * gain + mean
    return cv2.cvtColor(np.clip(np.rint(moved), 0, 255).astype(np.uint8), cv2.COLOR_LAB2RGB)


def smear(seed: int = 0) -> np.ndarray:
    """Blobs of purple and blue on near white."""
    rng = np.random.default_rng(seed)
    image = np.full((64, 64, 3), (235, 230, 240), np.uint8)
    for _ in range(12):
        center = tuple(int(v) for v in rng.integers(5, 59, 2))
        cv2.circle(image, center, 6, tuple(int(v) for v in rng.integers(90, 200, 3)), -1)
    return cv2.GaussianBlur(image, (0, 0), 1.5)


@settings(max_examples=50, deadline=None)
@given(image=IMAGES)
def test_tables_give_the_pixels_of_the_formula(image: np.ndarray) -> None:
    """The table of 256 levels a channel is an exact twin of the formula on every pixel."""
    preprocessor = Reinhard.create(template="fitted")
    mean, std = np.array([180.0, 140.0, 110.0]), np.array([30.0, 12.5, 9.25])
    preprocessor.restore({"mean": mean, "std": std})
    assert np.array_equal(preprocessor.apply(image), obvious(image, mean, std))


def test_default_template_is_the_papers() -> None:
    """Without parameters the result is that of the statistics the paper's notebooks state, to rounding."""
    expected = obvious(smear(), PAPER_MEAN, PAPER_STD)
    assert np.abs(Reinhard().apply(smear()).astype(int) - expected).mean() < 0.5


@pytest.mark.real_data
def test_paper_constants_are_those_of_benign_028(data_root: Path) -> None:
    """The built-in statistics are measured on the paper's template, which therefore maps to itself."""
    image = read_image(data_root / "all-pbs" / "Benign" / "WBC-Benign-028.jpg")
    mean, std = statistics(image)
    assert np.round(mean, 1) == pytest.approx(PAPER_MEAN)
    assert np.round(std, 1) == pytest.approx(PAPER_STD)
    unchanged = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2LAB), cv2.COLOR_LAB2RGB)
    assert np.array_equal(Reinhard().apply(image), unchanged)


def test_image_of_one_color_becomes_the_templates_mean() -> None:
    """Without spread there is nothing to scale; no division by zero, one color out."""
    result = Reinhard().apply(np.full((8, 8, 3), (10, 200, 30), np.uint8))
    lab = np.rint([[PAPER_MEAN]]).astype(np.uint8)
    assert (result == cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)).all()


def test_fit_averages_the_statistics_of_each_image() -> None:
    """Every training image counts once, whatever its size; nothing else is looked at."""
    images = [smear(1), smear(2)[:20, :30], np.full((5, 5, 3), 200, np.uint8)]
    preprocessor = Reinhard.create(template="fitted")
    preprocessor.fit(iter(images))
    means, stds = zip(*(statistics(image) for image in images), strict=True)
    state = preprocessor.state()
    assert state["mean"] == pytest.approx(np.mean(means, axis=0))
    assert state["std"] == pytest.approx(np.mean(stds, axis=0))


def test_fit_holds_one_image_at_a_time() -> None:
    """Training images stream by: each is asked for only when the one before has been used."""
    alive: list[int] = []

    def stream() -> Iterator[np.ndarray]:
        for seed in range(3):
            alive.append(seed)
            image = smear(seed)
            yield image
            image[:] = 0  # a kept reference would now hold other pixels

    preprocessor = Reinhard.create(template="fitted")
    preprocessor.fit(stream())
    expected = np.mean([statistics(smear(seed))[0] for seed in range(3)], axis=0)
    assert alive == [0, 1, 2]
    assert preprocessor.state()["mean"] == pytest.approx(expected)


def test_restored_state_gives_the_same_pixels() -> None:
    """What ``state`` returns is all that ``apply`` needs."""
    first = Reinhard.create(template="fitted")
    first.fit([smear(4), smear(5)])
    second = Reinhard.create(template="fitted")
    second.restore(first.state())
    assert np.array_equal(first.apply(smear(6)), second.apply(smear(6)))


def test_fitted_template_needs_fitting_first() -> None:
    """Applying before fitting and fitting on nothing both say what to do."""
    preprocessor = Reinhard.create(template="fitted")
    assert preprocessor.needs_fit()
    with pytest.raises(PluginError, match=r"applied before it was fitted.*Call fit"):
        preprocessor.apply(smear())
    with pytest.raises(DataError, match="training part: reinhard was given no image"):
        preprocessor.fit([])


def test_template_file_is_the_template(tmp_path: Path) -> None:
    """A file named alone is taken, and its statistics are those of the pixels in it."""
    template = smear(7)
    path = tmp_path / "template.png"
    path.write_bytes(cv2.imencode(".png", template[..., ::-1])[1].tobytes())
    preprocessor = Reinhard.create(template_file=path)
    assert preprocessor.params.template == "file"
    assert not preprocessor.needs_fit()
    assert np.array_equal(preprocessor.apply(smear(8)), obvious(smear(8), *statistics(template)))


def test_fingerprint_follows_the_content_of_the_template(tmp_path: Path) -> None:
    """The same path with other pixels is another template; without a file there is nothing to add."""
    path = tmp_path / "template.png"
    prints = []
    for seed in (1, 2, 1):
        path.write_bytes(cv2.imencode(".png", smear(seed))[1].tobytes())
        prints.append(Reinhard.create(template_file=path).fingerprint())
    assert prints[0] != prints[1]
    assert prints[0] == prints[2]
    assert Reinhard().fingerprint() == ""


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"template": "file"}, "needs the image's path in `template_file`"),
        ({"template": "macenko"}, "'paper', 'file' or 'fitted'"),
        ({"template_file": "no/such/image.png"}, "no such file: no/such/image.png"),
        ({"template_file": "."}, "is a folder or a device; a template is one image file"),
    ],
)
def test_bad_templates_are_refused_where_they_are_named(params: dict[str, str], message: str) -> None:
    """Each mistake names the value and what was expected."""
    with pytest.raises(ValidationError, match=message):
        Reinhard.create(**params)


def test_broken_or_contradictory_template_files_are_refused(tmp_path: Path) -> None:
    """A file that is no image is refused when the recipe is read; so is a file beside another template."""
    path = tmp_path / "template.jpg"
    path.write_bytes(b"not an image")
    with pytest.raises(ValidationError, match=r"template\.jpg cannot serve as template: not_an_image"):
        Reinhard.create(template_file=path)
    path.write_bytes(cv2.imencode(".jpg", smear())[1].tobytes())
    with pytest.raises(ValidationError, match="`template: paper` takes no `template_file`"):
        Reinhard.create(template="paper", template_file=path)
