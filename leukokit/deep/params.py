"""Parameters of training a network, shared by every classifier with a backbone."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from leukokit.api.params import Field, Params
from leukokit.deep.augment import Augmentation
from leukokit.deep.views import Views


class NetworkParams(Params):
    """Parameters of :class:`NetworkClassifier`; the defaults are the paper's."""

    side: int = Field(224, ge=32, le=2048, description="Height and width that images are resized to, in px.")
    pooling: Literal["max", "avg"] = Field("max", description="Pooling of the feature map over space.")
    dropout: float = Field(0.1, ge=0, lt=1, description="Share of pooled features left out in training.")
    train: Literal["all", "head", "gradual"] = Field(
        "all",
        description="What learns: all layers; the head alone, on frozen features; or the head first, then "
        "the layers from fine_tune_from on, batch normalization kept as it was.",
    )
    fine_tune_from: str | None = Field(
        None,
        description="First block or layer that learns in the second phase of 'gradual', such as block6a.",
    )
    epochs: int = Field(
        10, ge=1, le=10_000, description="Passes over the training part ('gradual': of the second phase)."
    )
    head_epochs: int = Field(
        10, ge=1, le=10_000, description="Passes over the training part for the head alone, in 'gradual'."
    )
    optimizer: Literal["adamax", "adam", "adamw", "sgd"] = Field("adamax", description="Optimizer.")
    learning_rate: float = Field(1e-4, gt=0, le=10, description="Step size ('gradual': of the second phase).")
    head_learning_rate: float = Field(
        1e-3, gt=0, le=10, description="Step size of the head alone, in 'gradual'."
    )
    weight_decay: float = Field(0.0, ge=0, le=1, description="Decoupled weight decay of the optimizer.")
    schedule: Literal["constant", "cosine", "plateau"] = Field(
        "constant",
        description="Step size over time: constant, down to 0 along a cosine over each phase, or halved "
        "after two epochs without a lower validation loss.",
    )
    early_stopping: int | None = Field(
        None,
        ge=1,
        description="Epochs without a lower validation loss that end a phase; the best weights are then put "
        "back. null: all epochs, last weights.",
    )
    batch_size: int = Field(25, ge=1, le=4096, description="Images a step.")
    accumulate: int = Field(
        1,
        ge=1,
        le=1024,
        description="Steps whose gradients are averaged for one update: batches of 5, accumulated 5 times, "
        "learn as batches of 25 do with a fifth of the memory (batch normalization apart).",
    )
    max_steps: int | None = Field(
        None, ge=1, description="Batches after which training ends, for trials; null: no limit."
    )
    label_smoothing: float = Field(
        0.0, ge=0, lt=1, description="Share of each target spread evenly over all classes."
    )
    class_weight: Literal["none", "balanced"] = Field(
        "none", description="'balanced' weighs samples so that every class counts the same."
    )
    augment: Augmentation | None = Field(
        None, description="Random changes of training images; null: none. {} flips and turns."
    )
    tta: Views = Field(
        "none",
        description="Views that a prediction is averaged over: the image alone, its mirror images, or all "
        "eight flips and turns.",
    )
    precision: Literal["float32", "mixed_float16", "mixed_bfloat16"] = Field(
        "float32", description="What layers compute in; mixed precision pays on GPUs."
    )
    strategy: Literal["none", "mirrored", "multi_worker"] = Field(
        "none",
        description="tf.distribute: one device, all GPUs of this machine, or the processes that TF_CONFIG, "
        "torchrun or Slurm names (TensorFlow backend).",
    )
    deterministic: bool = Field(
        True, description="Same seed, same weights to the bit; some operations are slower on GPUs."
    )
    cache_frozen: bool = Field(
        True,
        description="Compute frozen layers once an image and view and keep the outputs on disk while "
        "training.",
    )
    tensorboard: bool = Field(
        False, description="Write logs for TensorBoard (needs TensorFlow and TensorBoard)."
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.train == "gradual" and self.fine_tune_from is None:
            raise ValueError(
                "train: gradual needs fine_tune_from, the first block that learns, such as block6a"
            )
        if self.train != "gradual" and self.fine_tune_from is not None:
            raise ValueError(f"fine_tune_from is used with train: gradual only, and train is {self.train!r}")
        return self
