"""Traits of the samples by name: device, stain, site, or whatever else a data set knows of its images."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from leukokit.api import DataError, Sample
from leukokit.near_names import near_names

GROUP = "group"
"""Trait that every sample with a group has."""


def trait_values(samples: Sequence[Sample], name: str, *, where: str) -> dict[str, str]:
    """Give the value of a trait by sample id; samples of which it is not known are left out.

    Parameters
    ----------
    name : str
        A trait, or ``group``.
    where : str
        Place in the recipe that asks for it, for the message.

    Raises
    ------
    DataError
        Where no sample has it, naming those that there are.
    """
    values = {sample.id: value for sample in samples if (value := trait_of(sample, name)) is not None}
    if values:
        return values
    there = sorted({trait for sample in samples for trait in sample.traits})
    there += [GROUP] if any(sample.group for sample in samples) else []
    near = near_names(name, there)
    hint = f"Did you mean {near[0]!r}? " if near else ""
    raise DataError(
        f"no image has a {name!r}; they have {', '.join(there) or 'no traits'}",
        where=where,
        hint=f"{hint}Traits are the columns of a table: leukokit run RECIPE --data TABLE.csv",
    )


def trait_of(sample: Sample, name: str) -> str | None:
    """Value of one trait of a sample; None where it is not known."""
    return sample.traits.get(name) if name != GROUP or GROUP in sample.traits else sample.group


def groups_of(samples: Iterable[Sample]) -> dict[str, str]:
    """Group (patient, slide) of each sample that has one, by its id."""
    return {sample.id: sample.group for sample in samples if sample.group}
