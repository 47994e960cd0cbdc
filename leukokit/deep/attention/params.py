"""Parameters of attention pooling."""

from __future__ import annotations

from leukokit.api.params import Field, Params


class AttentionParams(Params):
    """Parameters of the network that answers for a group from the features of its images."""

    hidden: int = Field(64, ge=1, le=4096, description="Units of the layer that the features pass first.")
    units: int = Field(32, ge=1, le=4096, description="Units of the two layers that make up the gate.")
    dropout: float = Field(0.25, ge=0, lt=1, description="Share of hidden units dropped in training.")
    epochs: int = Field(200, ge=1, le=10_000, description="Most epochs.")
    patience: int = Field(
        20,
        ge=1,
        le=10_000,
        description="Epochs without a lower loss on the validation part's groups after which training ends; "
        "the best weights are taken. Without validation groups: all epochs.",
    )
    learning_rate: float = Field(2e-3, gt=0, le=1, description="Learning rate of AdamW.")
    weight_decay: float = Field(1e-3, ge=0, le=1, description="Decoupled weight decay of AdamW.")
    batch_size: int = Field(16, ge=1, le=4096, description="Groups a step.")
    largest_bag: int = Field(
        256,
        ge=1,
        le=10**5,
        description="A group with more images than this is learned as several bags, which together count as "
        "one group. Answers always use all images of a group.",
    )
