"""Parameters that say how mask files are read; the same for all data sets of a user's own images."""

from __future__ import annotations

from pathlib import Path

from pydantic import field_validator

from leukokit.api import Field, Labels, Params
from leukokit.plugins.datasets._mask_values import (
    KIND_DESCRIPTION,
    OTHER_DESCRIPTION,
    ROLE_DESCRIPTION,
    VALUES_DESCRIPTION,
    MaskCode,
    MaskKind,
    MaskRole,
    MaskValue,
    ObjectRole,
    OtherValues,
)
from leukokit.plugins.datasets._masks import read_instances, read_truth


class MaskParams(Params):
    """How mask files are read."""

    mask_values: dict[MaskRole, MaskValue | tuple[MaskValue, ...]] = Field(
        {"cytoplasm": 1, "nucleus": 2}, description=VALUES_DESCRIPTION
    )
    mask_other: OtherValues = Field("error", description=OTHER_DESCRIPTION)
    mask_kind: MaskKind = Field("values", description=KIND_DESCRIPTION)
    mask_role: ObjectRole = Field("cell", description=ROLE_DESCRIPTION)

    @field_validator("mask_values")
    @classmethod
    def _can_be_told_apart(
        cls, value: dict[MaskRole, MaskValue | tuple[MaskValue, ...]]
    ) -> dict[MaskRole, MaskValue | tuple[MaskValue, ...]]:
        MaskCode.of(value)
        return value

    def read_mask(self, mask: Path | str | None) -> Labels | None:
        """Read a mask file by path or URL; None where there is none.

        Raises
        ------
        ImageRejected
            ``bad_mask``, with the fault of the file.
        """
        if mask is None:
            return None
        if self.mask_kind == "instances":
            return read_instances(mask, self.mask_role)
        return read_truth(mask, self.mask_values, self.mask_other)
