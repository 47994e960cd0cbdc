"""Splits of cells: the cells of one image are never parted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import assert_never

from leukokit.engine.images.plan import Item
from leukokit.evaluation.split_rules import (
    BlockSplit,
    FixedSplit,
    FoldSplit,
    LeaveOneOutSplit,
    RandomSplit,
    SplitRule,
)


def rule_for_cells(rule: SplitRule, cells: Sequence[Item]) -> tuple[SplitRule, Sequence[Item]]:
    """Change a rule, and the groups of the cells, so that the cells of an image stay together.

    Where a rule draws samples one by one, it draws images; where it keeps groups (patients, slides) together,
    these hold whole images already. A fixed split may name images or cells.

    Parameters
    ----------
    rule : SplitRule
    cells : sequence of Item
        Regions of images.

    Returns
    -------
    rule : SplitRule
    cells : sequence of Item
        In the same order; their group is what the rule keeps together.
    """
    match rule:
        case FixedSplit():
            parts = {
                cell.sample.id: part
                for cell in cells
                if (part := rule.parts.get(cell.sample.id, rule.parts.get(cell.sample.whole.id))) is not None
            }
            return replace(rule, parts=parts), cells
        case RandomSplit() | BlockSplit():
            return replace(rule, group=True), cells if rule.group else _by_image(cells)
        case LeaveOneOutSplit():  # the trait is one of the image
            return rule, cells
        case FoldSplit():
            if rule.by == "random":
                return replace(rule, by="group"), _by_image(cells)
            return rule, cells
        case _:
            assert_never(rule)


def _by_image(cells: Sequence[Item]) -> list[Item]:
    return [replace(cell, sample=replace(cell.sample, group=cell.sample.whole.id)) for cell in cells]
