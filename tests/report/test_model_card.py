"""The model card says what the model is, how well it does and how far to trust that."""

from __future__ import annotations

from pathlib import Path

import pytest

import leukokit

RECIPE = """
leukokit: 1
name: carded
data: {use: smears, params: {per_class: 18, patients: 24}}
features: [intensity]
classify: svm
"""


def card(tmp_path: Path, **overrides: object) -> str:
    path = tmp_path / "recipe.yaml"
    path.write_text(RECIPE)
    run = leukokit.run(path, overrides, out=tmp_path / "runs", cache=None, executor="inline", report=False)
    return (run.path / "model" / "model_card.md").read_text()


def test_it_tells_use_training_scores_and_trust(tmp_path: Path) -> None:
    text = card(tmp_path)
    assert "Not a medical device" in text
    assert "SYNTHETIC SMEARS" in text
    assert "kernel: rbf" in text
    assert "(Benign 12, Early 12, Pre 12, Pro 12)" in text
    assert "| accuracy | 0." in text
    assert "| Pro | " in text
    assert "## How far to trust it" in text
    assert "Verdict: **cannot tell**. " in text
    assert "the images are rendered" in text
    assert "What to do next:\n\n- " in text
    assert "| class | recall (sensitivity) | specificity |" in text


def test_a_fault_of_the_data_stands_on_the_card(tmp_path: Path) -> None:
    text = card(tmp_path, **{"data.params.scale_bars": "by_class"})
    assert "Verdict: **do not trust**. " in text
    assert "scale bar" in text


def test_without_an_audit_it_says_so(tmp_path: Path) -> None:
    assert "cannot tell: nobody looked for what can make the score too good" in card(
        tmp_path, **{"audit.enabled": False}
    )


def test_hostile_names_are_escaped(tmp_path: Path) -> None:
    import shutil

    import numpy as np
    from PIL import Image

    rng = np.random.default_rng(0)
    root = tmp_path / "pictures"
    for name in ("<script>alert(1)<|script>", "b"):
        (root / name).mkdir(parents=True)
        for i in range(12):
            pixels = rng.integers(0, 255 if name == "b" else 120, (40, 40, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(root / name / f"{i}.png")
    text = card(tmp_path, data={"use": "folder", "params": {"root": str(root)}})
    assert "&lt;script&gt;" in text
    assert "<script>" not in text
    shutil.rmtree(root)


@pytest.mark.parametrize("folds", [2])
def test_every_fold_has_a_card(tmp_path: Path, folds: int) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(RECIPE)
    run = leukokit.run(
        path,
        {"split": {"method": "kfold", "folds": folds, "by": "group"}, "audit.enabled": False},
        out=tmp_path / "runs",
        cache=None,
        executor="inline",
        report=False,
    )
    texts = [(run.path / "model" / f"fold-{i + 1}" / "model_card.md").read_text() for i in range(folds)]
    assert all("test images of all folds" in text for text in texts)
