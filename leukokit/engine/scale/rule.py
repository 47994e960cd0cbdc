"""The rule by which a fold gives each image its scale; a fitted pipeline gives new images theirs by it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from leukokit.api import Scale
from leukokit.engine.images.plan import Item, Rejection
from leukokit.recipe.scale import ScaleSetting
from leukokit.smear.pool import Pool, is_another_magnification, is_sure, pool


@dataclass(frozen=True)
class ScaleRule:
    """What was asked for, and what the images outside of the test part say together.

    Attributes
    ----------
    setting : ScaleSetting
        The recipe's; ``auto`` where that belongs to data that are not here.
    whole : Pool
        Of all measured images outside of the test part.
    groups : mapping of group to Pool
        Of each group (slide) with images outside of the test part, over these.
    """

    setting: ScaleSetting
    whole: Pool
    groups: Mapping[str, Pool]

    def given_to(
        self,
        items: Sequence[Item],
        *,
        own: Mapping[str, Scale],
        stated: Mapping[str, Scale],
        changed: Mapping[str, Rejection] | None = None,
    ) -> list[Item]:
        """Give each image its scale.

        A group that the rule does not know is pooled over its images among ``items``.

        Parameters
        ----------
        items : sequence of Item
        own : mapping of sample id to Scale
            What each image's red cells say; of images that are not in ``stated``.
        stated : mapping of sample id to Scale
            What recipe, file or table say.
        changed : mapping of sample id to Rejection, optional
            Images whose files were changed before they were measured.
        """
        measured = [item for item in items if item.sample.id not in stated]
        groups = {**_pools(measured, own, known=self.groups), **self.groups}
        lost = changed or {}
        return [
            replace(item, scale=self._scale(item, groups, own, stated), changed=lost.get(item.sample.id))
            for item in items
        ]

    def _scale(
        self,
        item: Item,
        groups: Mapping[str, Pool],
        own: Mapping[str, Scale],
        stated: Mapping[str, Scale],
    ) -> Scale:
        id_, group = item.sample.id, groups.get(item.sample.group or "")
        if id_ in stated:
            return stated[id_]
        measured = own[id_]
        common = {"dataset": self.whole, "group": group}.get(self.setting.by or "")
        if common is not None and common.usable:
            return common.scale
        if is_sure(measured):
            return measured
        agreed = (known.scale for known in (group, self.whole) if known is not None and known.agreed)
        return next((scale for scale in agreed if not is_another_magnification(measured, scale)), measured)


def scale_rule(setting: ScaleSetting, items: Sequence[Item], own: Mapping[str, Scale]) -> ScaleRule:
    """Pool what images say of their scale.

    Parameters
    ----------
    items : sequence of Item
        Measured images outside of the test part: no test image has a say in any other image.
    own : mapping of sample id to Scale
        What each image's red cells say.
    """
    return ScaleRule(setting, pool([own[item.sample.id] for item in items]), _pools(items, own, known={}))


def _pools(items: Sequence[Item], own: Mapping[str, Scale], *, known: Mapping[str, Pool]) -> dict[str, Pool]:
    """Pool each group that is not known yet."""
    members: dict[str, list[str]] = defaultdict(list)
    for item in items:
        if item.sample.group and item.sample.group not in known:
            members[item.sample.group].append(item.sample.id)
    return {group: pool([own[id_] for id_ in ids]) for group, ids in members.items()}
