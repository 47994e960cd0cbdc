"""Reinhard's transfer of color statistics."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from leukokit.api import DataError, ImageNote, PluginError, read_image
from leukokit.plugins.preprocess.reinhard import Reinhard

PAPER_MEAN = np.array([211.3, 136.5, 115.8])
PAPER_STD = np.array([39.8, 17.0, 21.8])
Draw = Callable[..., np.ndarray]


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


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), side=st.integers(40, 90))
def test_tables_give_the_pixels_of_the_formula(draw_smear: Draw, seed: int, side: int) -> None:
    """The table of 256 levels a channel is an exact twin of the formula on every pixel."""
    image = draw_smear(seed, side)
    preprocessor = Reinhard.create(template="fitted")
    mean, std = np.array([180.0, 140.0, 110.0]), np.array([30.0, 12.5, 9.25])
    preprocessor.restore({"mean": mean, "std": std})
    assert np.array_equal(preprocessor.apply(image), obvious(image, mean, std))


def test_default_template_is_the_papers(draw_smear: Draw) -> None:
    """Without parameters the result is that of the statistics the paper's notebooks state, to rounding."""
    expected = obvious(draw_smear(), PAPER_MEAN, PAPER_STD)
    assert np.abs(Reinhard().apply(draw_smear()).astype(int) - expected).mean() < 0.5


@pytest.mark.real_data
def test_paper_constants_are_those_of_benign_028(data_root: Path) -> None:
    """The built-in statistics are measured on the paper's template, which therefore maps to itself."""
    image = read_image(data_root / "all-pbs" / "Benign" / "WBC-Benign-028.jpg")
    mean, std = statistics(image)
    assert np.round(mean, 1) == pytest.approx(PAPER_MEAN)
    assert np.round(std, 1) == pytest.approx(PAPER_STD)
    unchanged = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2LAB), cv2.COLOR_LAB2RGB)
    assert np.array_equal(Reinhard().apply(image), unchanged)


def test_a_picture_without_stain_passes_unchanged_and_says_so(blank_fields: dict[str, np.ndarray]) -> None:
    """Blank glass, noise of any grain and black would be stretched to the colors of cells."""
    for name, field in blank_fields.items():
        with pytest.warns(ImageNote, match="no stain contrast .*: passed unchanged"):
            assert np.array_equal(Reinhard().apply(field), field), name


def test_black_areas_neither_count_nor_change(draw_smear: Draw) -> None:
    """Behind an aperture, the smear comes out as without it, and black stays black."""
    image = draw_smear(3)
    framed = np.zeros((100, 120, 3), np.uint8)
    framed[18:82, 20 : 20 + image.shape[1]] = image
    result = Reinhard().apply(framed)
    assert (result[framed.max(axis=2) == 0] == 0).all()
    # Two px of rim count as black: JPEG blurs it.
    alone = Reinhard().apply(np.ascontiguousarray(image[2:-2, 2:-2]))
    inner = result[20:80, 22 : 18 + image.shape[1]]
    assert np.abs(inner.astype(int) - alone).mean() < 1


def test_blank_training_images_do_not_count(draw_smear: Draw, blank_fields: dict[str, np.ndarray]) -> None:
    """A template is fitted on what is stained; on blank fields alone there is none."""
    first, second = Reinhard.create(template="fitted"), Reinhard.create(template="fitted")
    first.fit([draw_smear(1), draw_smear(2)])
    second.fit([draw_smear(1), *blank_fields.values(), draw_smear(2)])
    assert all(np.array_equal(first.state()[name], second.state()[name]) for name in ("mean", "std"))
    with pytest.raises(DataError, match=r"no stain contrast in any of 15 images.*Check the images"):
        second.fit(blank_fields.values())


def test_fit_averages_the_statistics_of_each_image(draw_smear: Draw) -> None:
    """Every training image counts once, whatever its size; nothing else is looked at."""
    images = [draw_smear(1), draw_smear(2, 40), draw_smear(3, 100)]
    preprocessor = Reinhard.create(template="fitted")
    preprocessor.fit(iter(images))
    means, stds = zip(*(statistics(image) for image in images), strict=True)
    state = preprocessor.state()
    assert state["mean"] == pytest.approx(np.mean(means, axis=0))
    assert state["std"] == pytest.approx(np.mean(stds, axis=0))


def test_fit_holds_one_image_at_a_time(draw_smear: Draw) -> None:
    """Training images stream by: each is asked for only when the one before has been used."""
    alive: list[int] = []

    def stream() -> Iterator[np.ndarray]:
        for seed in range(3):
            alive.append(seed)
            image = draw_smear(seed)
            yield image
            image[:] = 0  # a kept reference would now hold other pixels

    preprocessor = Reinhard.create(template="fitted")
    preprocessor.fit(stream())
    expected = np.mean([statistics(draw_smear(seed))[0] for seed in range(3)], axis=0)
    assert alive == [0, 1, 2]
    assert preprocessor.state()["mean"] == pytest.approx(expected)


def test_restored_state_gives_the_same_pixels(draw_smear: Draw) -> None:
    """What ``state`` returns is all that ``apply`` needs."""
    first = Reinhard.create(template="fitted")
    first.fit([draw_smear(4), draw_smear(5)])
    second = Reinhard.create(template="fitted")
    second.restore(first.state())
    assert np.array_equal(first.apply(draw_smear(6)), second.apply(draw_smear(6)))


def test_fitted_template_needs_fitting_first(draw_smear: Draw) -> None:
    """Applying before fitting and fitting on nothing both say what to do."""
    preprocessor = Reinhard.create(template="fitted")
    assert preprocessor.needs_fit()
    with pytest.raises(PluginError, match=r"applied before it was fitted.*Call fit"):
        preprocessor.apply(draw_smear())
    with pytest.raises(DataError, match="training part: reinhard was given no image"):
        preprocessor.fit([])


def test_template_file_is_the_template(draw_smear: Draw, tmp_path: Path) -> None:
    """A file named alone is taken, and its statistics are those of the pixels in it."""
    template = draw_smear(7)
    path = tmp_path / "template.png"
    path.write_bytes(cv2.imencode(".png", template[..., ::-1])[1].tobytes())
    preprocessor = Reinhard.create(template_file=path)
    assert preprocessor.params.template == "file"
    assert not preprocessor.needs_fit()
    assert np.array_equal(preprocessor.apply(draw_smear(8)), obvious(draw_smear(8), *statistics(template)))


def test_fingerprint_follows_the_content_of_the_template(draw_smear: Draw, tmp_path: Path) -> None:
    """The same path with other pixels is another template; without a file there is nothing to add."""
    path = tmp_path / "template.png"
    prints = []
    for seed in (1, 2, 1):
        path.write_bytes(cv2.imencode(".png", draw_smear(seed))[1].tobytes())
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


def test_broken_or_contradictory_template_files_are_refused(draw_smear: Draw, tmp_path: Path) -> None:
    """A file that is no image is refused when the recipe is read; so is a file beside another template."""
    path = tmp_path / "template.jpg"
    path.write_bytes(b"not an image")
    with pytest.raises(ValidationError, match=r"template\.jpg cannot serve as template: not_an_image"):
        Reinhard.create(template_file=path)
    path.write_bytes(cv2.imencode(".jpg", np.full((64, 64, 3), 230, np.uint8))[1].tobytes())
    with pytest.raises(ValidationError, match=r"cannot serve as template: it shows no stain"):
        Reinhard.create(template_file=path)
    path.write_bytes(cv2.imencode(".jpg", draw_smear())[1].tobytes())
    with pytest.raises(ValidationError, match="`template: paper` takes no `template_file`"):
        Reinhard.create(template="paper", template_file=path)
