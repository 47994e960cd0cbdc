"""Which scale each image is worked on at: given, said by its file or table, or measured on red cells.

No label is looked at. What is pooled over the data set comes from images outside of the test part, so that no
test image has a say in any other image; a slide that lies in the test part as a whole is pooled by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from leukokit.api import DataError, Part, Scale, ScaleSource
from leukokit.engine.cache.store import Store
from leukokit.engine.data import OpenData
from leukokit.engine.images.plan import Item
from leukokit.engine.observer import Observer
from leukokit.engine.scale.file_scale import file_pixel_sizes
from leukokit.engine.scale.rule import ScaleRule, scale_rule
from leukokit.engine.scale.stage import OwnScales
from leukokit.recipe import Recipe
from leukokit.recipe.scale import ScaleSetting
from leukokit.smear.pool import ENOUGH, is_sure

_WRONG = 1.5
"""Stated over measured red-cell diameter that is said to be wrong: no red cells are so large or small."""


def asks_for_scale(recipe: Recipe) -> bool:
    """Whether cells or a component of the image chain use the scale, or the recipe says something of it."""
    if recipe.model.cells is not None:
        return True
    chain = (*recipe.preprocess, *([recipe.segment] if recipe.segment else []), *recipe.features)
    return not recipe.model.data.scale.default or any(bound.component.uses_scale for bound in chain)


@dataclass(frozen=True)
class Scales:
    """What is known of the scale of a data set's images before they are divided.

    Attributes
    ----------
    setting : ScaleSetting
        The recipe's; ``auto`` where that belongs to data that are not here.
    own : OwnScales
        What each image's red cells say.
    stated : mapping of sample id to Scale
        What recipe, file or table say.
    notes : mapping of sample id to str
        Why an image is measured though its file or table was to say its scale.
    """

    setting: ScaleSetting
    own: OwnScales
    stated: Mapping[str, Scale]
    notes: Mapping[str, str]

    def given_to(self, items: Sequence[Item], parts: Mapping[str, Part] | None = None) -> list[Item]:
        """Give each image its scale.

        Parameters
        ----------
        items : sequence of Item
            Images that were measured.
        parts : mapping of sample id to Part, optional
            Parts of the fold; images without a part count as not in test.
        """
        return self.rule(items, parts).given_to(
            items, own=self.own.scales, stated=self.stated, changed=self.own.changed
        )

    def rule(self, items: Sequence[Item], parts: Mapping[str, Part] | None = None) -> ScaleRule:
        """Pool the images outside of the test part; takes what :meth:`given_to` takes."""
        left_out = {id_ for id_, part in (parts or {}).items() if part is Part.TEST}
        left_out |= self.stated.keys() | self.own.changed.keys()
        outside = [item for item in items if item.sample.id not in left_out]
        # The cells of an image have its scale: it counts once.
        outside = list({item.sample.whole.id: item for item in outside}.values())
        return scale_rule(self.setting, outside, self.own.scales)


def find_scales(
    recipe: Recipe,
    data: OpenData,
    items: Sequence[Item],
    *,
    measured: Callable[[], OwnScales],
    store: Store | None,
    threads: int,
    observer: Observer,
) -> Scales:
    """Read what files and tables state, and measure every image: a wrong pixel size shows beside red cells.

    Parameters
    ----------
    measured : callable
        Gives what the images say; called once it is known that what is stated can be used.
    threads : int
        How many files are read at a time.

    Raises
    ------
    DataError
        Where the table is to state pixel sizes and states none.
    """
    read = recipe.model.data.read
    setting = _setting(recipe, data, observer)
    stated, notes = stated_scales(setting, items, frame=read.frame, store=store, threads=threads)
    if setting.pixel_size_um == "table" and not stated:
        raise DataError(
            "data.scale asks the table for the width of pixels, and it states none",
            where=f"data set {data.name}",
            hint="Give the data set 'table' a column pixel_size_um, or measure: scale: auto",
        )
    if notes:
        first = next(iter(notes))
        observer.warn(
            f"the scale of {len(notes)} of {len(items)} images is measured on their red cells, as for "
            f"{first}: {notes[first]}"
        )
    if setting.by == "group" and not any(item.sample.group for item in items):
        observer.warn("no image has a group, so each image's own red cells say its scale")
    own = measured()
    contradiction = _contradiction(stated, own.scales)
    if contradiction:
        observer.warn(contradiction)
    return Scales(setting, own, stated, notes)


def _contradiction(stated: Mapping[str, Scale], own: Mapping[str, Scale]) -> str:
    """Say so where red cells contradict the stated scale by half; asked without an audit too."""
    ids = [id_ for id_ in stated if is_sure(own[id_])]
    if len(ids) < ENOUGH:
        return ""
    said, seen = (median([scales[id_].red_cell_px for id_ in ids]) for scales in (stated, own))
    off = median([stated[id_].red_cell_px / own[id_].red_cell_px for id_ in ids])
    if 1 / _WRONG < off < _WRONG:
        return ""
    return (
        f"by the stated scale a red cell is {said:.4g} px wide, but those in the images are {seen:.4g} px: "
        "lengths in um will be wrong; check data.scale, and whether the images were resized"
    )


def _setting(recipe: Recipe, data: OpenData, observer: Observer) -> ScaleSetting:
    setting = recipe.model.data.scale
    if data.stood_in and setting.by is None:
        observer.warn(
            f"the scale in the recipe ({setting}) belongs to the real data; that of the synthetic smears is "
            "measured"
        )
        return ScaleSetting(by="auto", pixel_size_um=None, red_cell_px=None)
    return setting


def stated_scales(
    setting: ScaleSetting, items: Sequence[Item], *, frame: int | None, store: Store | None, threads: int
) -> tuple[dict[str, Scale], dict[str, str]]:
    """Scales that need no measuring, and why an image has none of those that were asked for.

    Parameters
    ----------
    frame : int or None
        Which page of files with several.
    threads : int
        How many files are read at a time.
    """
    ids = [item.sample.id for item in items]
    if setting.red_cell_px is not None:
        return dict.fromkeys(ids, Scale(setting.red_cell_px, 1.0, ScaleSource.GIVEN)), {}
    if isinstance(setting.pixel_size_um, float):
        return dict.fromkeys(ids, Scale.of_pixel_size(setting.pixel_size_um)), {}
    if setting.pixel_size_um == "file":
        sizes = file_pixel_sizes(items, frame=frame, store=store, threads=threads)
        widths = {id_: size.um for id_, size in zip(ids, sizes, strict=True)}
        why = {id_: size.why for id_, size in zip(ids, sizes, strict=True) if size.um is None}
    elif setting.pixel_size_um == "table" or setting.by == "auto":
        widths = {item.sample.id: item.sample.pixel_size_um for item in items}
        why = {id_: "the table does not say how wide a pixel is" for id_, um in widths.items() if um is None}
    else:
        return {}, {}
    stated = {id_: Scale.of_pixel_size(um, ScaleSource.FILE) for id_, um in widths.items() if um is not None}
    return stated, {} if setting.by == "auto" else why
