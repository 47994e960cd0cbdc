"""Figures of scores and features: whole, equal every time, and honest about what is missing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from PIL import Image

from leukokit.errors import LeukokitError, RunFailed
from leukokit.report.figures import confusion_figure, feature_distributions

CLASSES = ["Benign", "Early", "Pre", "Pro"]
CONFUSION = [[47, 1, 2, 0], [0, 50, 0, 0], [3, 0, 46, 1], [0, 0, 12, 38]]


def table(rows: int = 60) -> tuple[pd.DataFrame, list[str]]:
    """Features of which one is constant and one partly missing."""
    rng = np.random.default_rng(0)
    labels = [CLASSES[i % 4] for i in range(rows)]
    features = pd.DataFrame({"area": rng.normal(300, 40, rows), "constant": 3.0, "ratio": rng.random(rows)})
    features.loc[:9, "ratio"] = np.nan
    features.loc[10, "ratio"] = np.inf
    return features, labels


def texts(figure: Figure) -> list[str]:
    """All words of a figure."""
    from matplotlib.text import Text

    return [text.get_text() for text in figure.findobj(Text) if isinstance(text, Text) and text.get_text()]


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """Collect the figures that are written."""
    figures: list[Figure] = []
    original = Figure.savefig

    def savefig(self: Figure, *args: object, **kwargs: object) -> None:
        figures.append(self)
        original(self, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(Figure, "savefig", savefig)
    return figures


def test_confusion_is_a_png_without_dates(tmp_path: Path) -> None:
    """The file is a valid PNG, carries no text chunks, and nothing is left beside it."""
    confusion_figure(CONFUSION, CLASSES, tmp_path / "c.png", "svm")
    with Image.open(tmp_path / "c.png") as image:
        image.load()
        assert image.format == "PNG"
        assert set(image.info) <= {"dpi"}
    assert [path.name for path in tmp_path.iterdir()] == ["c.png"]


def test_same_figures_are_same_bytes(tmp_path: Path) -> None:
    """Drawing twice gives the same file."""
    features, labels = table()
    for name in ("a", "b"):
        confusion_figure(CONFUSION, CLASSES, tmp_path / f"{name}c.png", "svm", stamp="SYNTHETIC SMEARS")
        feature_distributions(features, labels, tmp_path / f"{name}f.png", stamp="SYNTHETIC SMEARS")
    for kind in ("c", "f"):
        assert (tmp_path / f"a{kind}.png").read_bytes() == (tmp_path / f"b{kind}.png").read_bytes()


def test_confusion_shows_counts_and_shares(tmp_path: Path, drawn: list[Figure]) -> None:
    """Every count, its share of the true class, the footer and the stamp are written."""
    confusion_figure(CONFUSION, CLASSES, tmp_path / "c.png", "svm", stamp="SYNTHETIC SMEARS")
    words = texts(drawn[0])
    assert {"47", "12", "94.0%", "24.0%", "predicted", "true", "Research use only"} <= set(words)
    assert "SYNTHETIC SMEARS" in words


def test_the_stamp_is_seen(tmp_path: Path) -> None:
    """A stamped figure has a colored band across its top, an unstamped one is white there."""
    for stamp, colored in ((None, False), ("SYNTHETIC SMEARS", True)):
        confusion_figure(CONFUSION, CLASSES, tmp_path / "c.png", "svm", stamp=stamp)
        with Image.open(tmp_path / "c.png") as image:
            top = np.asarray(image.convert("RGB"))[5]
        assert (top.min(axis=1) < 100).mean() == (1.0 if colored else 0.0)


def test_a_class_without_images_has_no_shares(tmp_path: Path, drawn: list[Figure]) -> None:
    """An empty row is drawn as zeros instead of a division by zero."""
    confusion_figure([[3, 1], [0, 0]], ["a", "b"], tmp_path / "c.png", "svm")
    assert texts(drawn[0]).count("0.0%") == 2


def test_confusion_of_another_size_is_refused(tmp_path: Path) -> None:
    """The message gives the shape that was expected, and no file is left."""
    with pytest.raises(LeukokitError, match=r"of 4 classes must be 4 x 4, this one is \(2, 2\)"):
        confusion_figure([[1, 2], [3, 4]], CLASSES, tmp_path / "c.png", "svm")
    assert not list(tmp_path.iterdir())


def test_names_are_taken_literally(tmp_path: Path, drawn: list[Figure]) -> None:
    """Dollar signs are no formulas; control characters and lone surrogates do not stop a figure."""
    names = [r"$\frac{1}{", "a\x1b[31m\udcff"]
    confusion_figure([[1, 0], [0, 1]], names, tmp_path / "c.png", "$x$ $y")
    assert names[0] in texts(drawn[0])
    assert "a?[31m?" in texts(drawn[0])


def test_distributions_say_what_is_missing(tmp_path: Path, drawn: list[Figure]) -> None:
    """NaN and infinity are counted in the panel."""
    features, labels = table()
    feature_distributions(features, labels, tmp_path / "f.png", title="Six features")
    words = texts(drawn[0])
    assert "11 of 60 missing" in words
    assert {"Six features", "area", "constant", "ratio", "Benign", "Research use only"} <= set(words)


def test_distributions_of_nothing_but_nan(tmp_path: Path) -> None:
    """A column without a finite value is an empty panel."""
    feature_distributions(pd.DataFrame({"a": [np.nan, np.nan]}), ["x", "y"], tmp_path / "f.png")
    assert (tmp_path / "f.png").stat().st_size > 0


@pytest.mark.parametrize(
    ("features", "labels", "message"),
    [
        (pd.DataFrame({"a": [1.0, 2.0]}), ["x"], "2 rows of features, but 1 labels"),
        (pd.DataFrame(index=[0, 1]), ["x", "y"], "there is no feature to draw"),
    ],
)
def test_distributions_refuse(
    tmp_path: Path, features: pd.DataFrame, labels: list[str], message: str
) -> None:
    """Tables that do not fit are named."""
    with pytest.raises(LeukokitError, match=message):
        feature_distributions(features, labels, tmp_path / "f.png")


def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk is told; nothing of the figure is left, and an older one stays whole."""
    path = tmp_path / "c.png"
    path.write_bytes(b"older")

    def full(self: Path, data: bytes) -> int:
        with self.open("wb") as file:
            file.write(data[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(RunFailed, match=r"c\.png: disk full"):
        confusion_figure(CONFUSION, CLASSES, path, "svm")
    assert [p.name for p in tmp_path.iterdir()] == ["c.png"]
    assert path.read_bytes() == b"older"
