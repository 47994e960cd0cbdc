"""Preview of the augmentation, to show artifacts before the training."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from leukokit.arrays import RGBImage
from leukokit.deep.augment import Augmentation, augmented, sample_rng
from leukokit.deep.model import resize
from leukokit.notice import SHORT_NOTICE

_TITLE = "Augmentation: originals, and views used in training"
_PANEL = 132
_GAP = 8
_MARGIN = 16
_TEXT_COLOR, _CAPTION_COLOR, _FRAME_COLOR = (34, 34, 34), (102, 102, 102), (0, 114, 178)


def preview_sheet(
    images: Sequence[RGBImage],
    captions: Sequence[str],
    params: Augmentation,
    *,
    seed: int,
    side: int,
    views: int = 7,
) -> bytes:
    """Draw originals with random views of them.

    Parameters
    ----------
    images : sequence of uint8 arrays, H x W x 3
    captions : sequence of str
        Sample ids; the views are those of the training.
    params : Augmentation
    seed : int
        The recipe's seed.
    side : int
        Height and width that images are resized to, in px.
    views : int
        Number of views of each original; fewer where ``params.views`` is less.

    Returns
    -------
    bytes
        A PNG, the same for the same arguments.
    """
    # No more panels than fixed views, which repeat.
    count = views if params.views is None else min(views, params.views)
    title, small = ImageFont.load_default(17), ImageFont.load_default(12)
    summary = _summary(params)
    widest = max(title.getlength(_TITLE), small.getlength(summary))
    panels = (count + 1) * _PANEL + (count + 1) * _GAP
    width = 2 * _MARGIN + max(panels, math.ceil(widest))
    row_height = _PANEL + 26
    top = 78
    height = top + len(images) * row_height + 30
    sheet = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(sheet)
    draw.text((_MARGIN, 10), _TITLE, _TEXT_COLOR, title)
    draw.text((_MARGIN, 34), summary, _CAPTION_COLOR, small)
    for column in range(count + 1):
        name = f"{_kind(params)} {column}" if column else "original"
        draw.text((_left(column), top - 19), name, _CAPTION_COLOR if column else _FRAME_COLOR, small)
    for row, (image, caption) in enumerate(zip(images, captions, strict=True)):
        y = top + row * row_height
        resized = resize(image, side)
        shown = [resized]
        shown += [augmented(resized, params, sample_rng(seed, caption, view)) for view in range(count)]
        for column, panel in enumerate(shown):
            x = _left(column)
            thumbnail = Image.fromarray(panel).resize((_PANEL, _PANEL), Image.Resampling.LANCZOS)
            sheet.paste(thumbnail, (x, y))
            if not column:
                draw.rectangle((x - 2, y - 2, x + _PANEL + 1, y + _PANEL + 1), outline=_FRAME_COLOR, width=2)
        draw.text((_MARGIN, y + _PANEL + 3), _printable(caption), _CAPTION_COLOR, small)
    draw.text((_MARGIN, height - 22), SHORT_NOTICE, _CAPTION_COLOR, small)
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG")
    return buffer.getvalue()


def _summary(params: Augmentation) -> str:
    parts = []
    if params.flips:
        parts.append("flips")
    if params.rotations:
        parts.append("turns by 90 degrees")
    if params.small_rotation:
        parts.append(f"up to {params.small_rotation:g} degrees more")
    if params.stain_jitter:
        parts.append(f"stain jitter {params.stain_jitter:g}")
    if params.crop:
        parts.append(f"crops of up to {params.crop:.0%}")
    if not parts:
        return "nothing is changed"
    fixed = f"{params.views} fixed views of each image" if params.views else "fresh in each epoch"
    return f"{', '.join(parts)}; {fixed}"


def _kind(params: Augmentation) -> str:
    return "epoch" if params.views is None else "view"


def _left(column: int) -> int:
    # With a wider gap after the originals.
    return _MARGIN + column * (_PANEL + _GAP) + (_GAP if column else 0)


def _printable(text: str) -> str:
    # The built-in font has Latin letters only.
    return "".join(c if c.isascii() and c.isprintable() else "?" for c in text)[:60]
