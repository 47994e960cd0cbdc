"""Backbones from ``keras.applications``, each with the input scaling that its weights expect."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import AfterValidator, model_validator

from leukokit.api import Field, LeukokitError, Params, did_you_mean
from leukokit.api.deep import Backbone, file_digest, load_keras, read_known_weights

Scaling: TypeAlias = Literal["inside", "symmetric", "torch", "caffe"]
"""Input of a family of networks: 0..255, scaled by its own layers; -1..1; 0..1, standardized; or blue, green,
red less their means. An input divided by 255 beforehand would look black to all of them."""

_TORCH_MEAN, _TORCH_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_CAFFE_MEAN = (103.939, 116.779, 123.68)
_WITH_ALPHA = ("MobileNet", "MobileNetV2")


@dataclass(frozen=True, slots=True)
class Application:
    """Properties of a network that are known before it is built.

    Attributes
    ----------
    scaling : Scaling
    side : int
        Height and width it was trained with, in px.
    channels : int
        Of its last feature map.
    middle : mapping of str to int
        Layers whose maps make good features, all at 1/16 of the image's side, and their channels.
    """

    scaling: Scaling
    side: int
    channels: int
    middle: Mapping[str, int] = field(default_factory=dict)


APPLICATIONS: dict[str, Application] = {
    "ConvNeXtTiny": Application("inside", 224, 768),
    "ConvNeXtSmall": Application("inside", 224, 768),
    "ConvNeXtBase": Application("inside", 224, 1024),
    "ConvNeXtLarge": Application("inside", 224, 1536),
    "ConvNeXtXLarge": Application("inside", 224, 2048),
    "DenseNet121": Application("torch", 224, 1024),
    "DenseNet169": Application("torch", 224, 1664),
    "DenseNet201": Application("torch", 224, 1920),
    "EfficientNetB0": Application("inside", 224, 1280),
    "EfficientNetB1": Application("inside", 240, 1280),
    "EfficientNetB2": Application("inside", 260, 1408),
    "EfficientNetB3": Application("inside", 300, 1536),
    "EfficientNetB4": Application("inside", 380, 1792),
    "EfficientNetB5": Application("inside", 456, 2048),
    "EfficientNetB6": Application("inside", 528, 2304),
    "EfficientNetB7": Application("inside", 600, 2560),
    "EfficientNetV2B0": Application(
        "inside", 224, 1280, {"block4a_project_bn": 96, "block4c_add": 96, "block5e_add": 112}
    ),
    "EfficientNetV2B1": Application("inside", 240, 1280),
    "EfficientNetV2B2": Application("inside", 260, 1408),
    "EfficientNetV2B3": Application("inside", 300, 1536),
    "EfficientNetV2S": Application("inside", 384, 1280),
    "EfficientNetV2M": Application("inside", 480, 1280),
    "EfficientNetV2L": Application("inside", 480, 1280),
    "InceptionResNetV2": Application("symmetric", 299, 1536),
    "InceptionV3": Application("symmetric", 299, 2048),
    "MobileNet": Application("symmetric", 224, 1024),
    "MobileNetV2": Application("symmetric", 224, 1280),
    "MobileNetV3Small": Application("inside", 224, 576),
    "MobileNetV3Large": Application("inside", 224, 960),
    "NASNetMobile": Application("symmetric", 224, 1056),
    "NASNetLarge": Application("symmetric", 331, 4032),
    "ResNet50": Application("caffe", 224, 2048),
    "ResNet101": Application("caffe", 224, 2048),
    "ResNet152": Application("caffe", 224, 2048),
    "ResNet50V2": Application("symmetric", 224, 2048),
    "ResNet101V2": Application("symmetric", 224, 2048),
    "ResNet152V2": Application("symmetric", 224, 2048),
    "VGG16": Application("caffe", 224, 512),
    "VGG19": Application("caffe", 224, 512),
    "Xception": Application("symmetric", 299, 2048),
}


def _check_name(name: str) -> str:
    if name in APPLICATIONS:
        return name
    raise ValueError(
        f"there is no network {name!r} in keras.applications{did_you_mean(name, APPLICATIONS)}; "
        f"there are: {', '.join(APPLICATIONS)}"
    )


def _check_weights(weights: str | Path) -> str | Path:
    if isinstance(weights, str):
        return weights
    if weights.suffix not in (".h5", ".hdf5"):
        raise ValueError(
            f"{weights} is neither 'imagenet', 'none' nor a .weights.h5 file of the network without its top"
        )
    if not weights.is_file():
        raise ValueError(f"there is no file {weights}; give the path of a .weights.h5 file without its top")
    return weights


ApplicationName: TypeAlias = Annotated[str, AfterValidator(_check_name)]
"""Name of a network of ``keras.applications``."""

Weights: TypeAlias = Annotated[Literal["imagenet", "none"] | Path, AfterValidator(_check_weights)]
"""``imagenet`` (fetched by Keras), ``none``, or a file for the network without its top."""


class ApplicationParams(Params):
    """Parameters that name a network of ``keras.applications`` and its weights."""

    backbone: ApplicationName = Field(
        "EfficientNetV2L", description="Network of keras.applications, by name."
    )
    weights: Weights = Field(
        "imagenet",
        description="'imagenet' (Keras fetches and keeps them), 'none', or the path of a .weights.h5 file "
        "for the network without its top.",
    )
    alpha: float | None = Field(
        None, gt=0, le=2, description="Width multiplier of MobileNet and MobileNetV2; null: 1."
    )

    @model_validator(mode="after")
    def _alpha_fits(self) -> Self:
        if self.alpha is not None and self.backbone not in _WITH_ALPHA:
            raise ValueError(
                f"alpha is a parameter of {' and '.join(_WITH_ALPHA)}, and the backbone is {self.backbone}"
            )
        return self


class ApplicationBackbone(Backbone):
    """One network of ``keras.applications``.

    Parameters
    ----------
    name : str
        A key of ``APPLICATIONS``.
    weights : 'imagenet', 'none' or Path
    alpha : float, optional
        Width multiplier; for ``MobileNet`` and ``MobileNetV2`` only.
    """

    def __init__(self, name: str, weights: str | Path, alpha: float | None = None) -> None:
        self.application = APPLICATIONS[name]
        self.name = name
        self.side = self.application.side
        # The width of MobileNet's last layer depends on alpha, that of MobileNetV2's only for alpha > 1.
        follows = alpha is not None and (name == "MobileNet" or alpha > 1)
        self.channels = None if follows else self.application.channels
        self.weights = weights
        self.extra_arguments = {} if alpha is None else {"alpha": alpha}

    @classmethod
    def of(cls, params: ApplicationParams) -> Self:
        """Choose the network that parameters name."""
        return cls(params.backbone, params.weights, params.alpha)

    def channels_at(self, layer: str) -> int | None:
        """Channels of a middle layer; None for others."""
        return self.application.middle.get(layer)

    def middle_layers(self) -> tuple[str, ...]:
        """Layers in the middle of the network, where they are known."""
        return tuple(self.application.middle)

    def missing(self) -> str | None:
        """Say that Keras has yet to fetch the weights; None where they are in its folder, or are a file."""
        if self.weights != "imagenet" or any(map(self._is_weights_file, _kept_weights())):
            return None
        return (
            f"the ImageNet weights of {self.name} are not in {_keras_models()}: Keras fetches them when the "
            "network is built, which needs the internet; without it give a file (params.weights), or none"
        )

    def _is_weights_file(self, name: str) -> bool:
        """Whether a file of Keras, such as ``resnet50v2_..._notop.h5``, is of this network."""
        plain = re.sub("[^a-z0-9]", "", name.lower())
        after = plain.partition(self.name.lower())[2]
        return "notop" in after and not after.startswith("v")  # ResNet50V2 is not ResNet50

    def fingerprint(self) -> str:
        """Digest of the weights file; empty for weights that Keras downloads and checks itself."""
        return self._fingerprint

    @cached_property
    def _fingerprint(self) -> str:
        return file_digest(self.weights) if isinstance(self.weights, Path) else ""

    def build(self, side: int, *, pretrained: bool = True) -> Any:
        """Build the network without its top; see :class:`leukokit.api.deep.Backbone`."""
        keras = load_keras()
        image = keras.Input((side, side, 3), name="image")
        make = getattr(keras.applications, self.name)
        weights = "imagenet" if pretrained and self.weights == "imagenet" else None
        try:
            with redirect_stdout(sys.stderr):  # Keras prints the progress of a download to stdout
                body = make(
                    include_top=False,
                    weights=weights,
                    input_tensor=self._scaled(image),
                    **self.extra_arguments,
                )
        except Exception as error:  # Keras raises a bare Exception where a download fails
            raise self._as_leukokit_error(error, side) from error
        if pretrained and isinstance(self.weights, Path):
            read_known_weights(self.weights, self._fingerprint, body)
        return keras.Model(image, body.output, name=self.name.lower())

    def _scaled(self, image: Any) -> Any:
        layers = load_keras().layers
        scaling = self.application.scaling
        if scaling == "symmetric":
            return layers.Rescaling(1 / 127.5, offset=-1.0, name="scale")(image)
        if scaling == "torch":
            variance = [std**2 for std in _TORCH_STD]
            x = layers.Rescaling(1 / 255, name="scale")(image)
            return layers.Normalization(mean=_TORCH_MEAN, variance=variance, name="standardize")(x)
        if scaling == "caffe":
            bgr = image[..., ::-1]  # blue, green, red
            return layers.Normalization(mean=_CAFFE_MEAN, variance=[1.0] * 3, name="center")(bgr)
        return image

    def _as_leukokit_error(self, error: Exception, side: int) -> LeukokitError:
        text = str(error).strip() or type(error).__name__
        address = re.search(r"https?://\S+?\.h5", text)
        if address is not None:
            url, reason = address.group(), text.rpartition("--")[2].strip()
            return LeukokitError(
                f"the ImageNet weights of {self.name} cannot be fetched ({reason})",
                hint=f"Fetch {url} on a machine that reaches it and pass the file: "
                f"params: {{backbone: {self.name}, weights: path/to/{url.rpartition('/')[2]}}}; or put it "
                "into the folder models of Keras' home (~/.keras/models); or use weights: none",
            )
        return LeukokitError(f"{self.name} cannot be built for images of {side} px: {text[:300]}")


def _keras_models() -> Path:
    """Folder in which Keras keeps what it has fetched."""
    return Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser() / "models"


def _kept_weights() -> list[str]:
    try:
        return [entry.name for entry in _keras_models().iterdir()]
    except OSError:
        return []
