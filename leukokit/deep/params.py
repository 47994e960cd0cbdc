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
    dropout: float = Field(0.1, ge=0, lt=1, description="Share of pooled features dropped in training.")
    train: Literal["all", "head", "gradual"] = Field(
        "all",
        description="Trained layers: all; only the head, on frozen features; or first the head, then the "
        "layers "
        "from fine_tune_from on, without batch normalization.",
    )
    fine_tune_from: str | None = Field(
        None,
        description="First trained block or layer in the second phase of 'gradual', such as block6a.",
    )
    epochs: int = Field(10, ge=1, le=10_000, description="Number of epochs ('gradual': of the second phase).")
    head_epochs: int = Field(
        10, ge=1, le=10_000, description="Number of epochs of the first phase of 'gradual' (head only)."
    )
    optimizer: Literal["adamax", "adam", "adamw", "sgd"] = Field("adamax", description="Optimizer.")
    learning_rate: float = Field(
        1e-4, gt=0, le=10, description="Learning rate ('gradual': of the second phase)."
    )
    head_learning_rate: float = Field(
        1e-3, gt=0, le=10, description="Learning rate of the first phase of 'gradual' (head only)."
    )
    weight_decay: float = Field(0.0, ge=0, le=1, description="Decoupled weight decay of the optimizer.")
    schedule: Literal["constant", "cosine", "plateau"] = Field(
        "constant",
        description="Schedule of the learning rate: constant, cosine decay to 0 over each phase, or "
        "halved after "
        "two epochs without a lower validation loss.",
    )
    early_stopping: int | None = Field(
        None,
        ge=1,
        le=10_000,
        description="Number of epochs without a lower validation loss after which a phase ends; the best "
        "weights "
        "are then restored. null: all epochs, last weights.",
    )
    batch_size: int = Field(25, ge=1, le=4096, description="Images per step.")
    accumulate: int = Field(
        1,
        ge=1,
        le=1024,
        description="Number of steps whose gradients are averaged for one update: batches of 5 with 5 "
        "steps are "
        "equivalent to batches of 25, with a fifth of the memory (except for batch normalization).",
    )
    max_steps: int | None = Field(
        None,
        ge=1,
        le=10**9,
        description="Number of batches after which training ends, for trials; null: no limit.",
    )
    label_smoothing: float = Field(
        0.0, ge=0, lt=1, description="Share of each target that is distributed evenly over all classes."
    )
    class_weight: Literal["none", "balanced"] = Field(
        "none", description="'balanced': weights of samples that give every class the same total weight."
    )
    augment: Augmentation | None = Field(
        None, description="Augmentation of training images; null: none. {} flips and rotates."
    )
    tta: Views = Field(
        "none",
        description="Views that a prediction is averaged over (test-time augmentation): only the image, its "
        "mirror images, or all eight flips and rotations.",
    )
    precision: Literal["float32", "mixed_float16", "mixed_bfloat16"] = Field(
        "float32", description="Precision of the layers; mixed precision is faster on GPUs."
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
        description="Compute frozen layers once per image and view, and keep the outputs on disk while "
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
