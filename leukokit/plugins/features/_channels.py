"""Color channels by name, shared by the features that work on single channels."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from leukokit.api import Planes


class Space(StrEnum):
    """Color spaces, OpenCV's 8-bit versions."""

    RGB = "rgb"
    HSV = "hsv"
    LAB = "lab"
    YCBCR = "ycbcr"


class Channel(StrEnum):
    """Single channels, named ``<space>_<channel>``, and the gray plane."""

    GRAY = "gray"
    RGB_R = "rgb_r"
    RGB_G = "rgb_g"
    RGB_B = "rgb_b"
    HSV_H = "hsv_h"
    HSV_S = "hsv_s"
    HSV_V = "hsv_v"
    LAB_L = "lab_l"
    LAB_A = "lab_a"
    LAB_B = "lab_b"
    YCBCR_Y = "ycbcr_y"
    YCBCR_CB = "ycbcr_cb"
    YCBCR_CR = "ycbcr_cr"


# Where each channel lies in its space's plane; OpenCV keeps Cr before Cb.
_POSITIONS = {
    Space.RGB: ("r", "g", "b"),
    Space.HSV: ("h", "s", "v"),
    Space.LAB: ("l", "a", "b"),
    Space.YCBCR: ("y", "cr", "cb"),
}


def channels_of(space: Space) -> tuple[Channel, ...]:
    """Channels of a space, in the order in which OpenCV's plane holds them."""
    return tuple(Channel(f"{space}_{position}") for position in _POSITIONS[space])


def space_plane(planes: Planes, space: Space) -> NDArray[np.uint8]:
    """Plane of a color space, uint8 H x W x 3, channels as in :func:`channels_of`."""
    match space:
        case Space.RGB:
            return planes.rgb
        case Space.HSV:
            return planes.hsv
        case Space.LAB:
            return planes.lab
        case Space.YCBCR:
            return planes.ycrcb


def channel_plane(planes: Planes, channel: Channel) -> NDArray[np.uint8]:
    """One channel, uint8 H x W; a view where it belongs to a color space."""
    if channel is Channel.GRAY:
        return planes.gray
    name, position = channel.value.split("_")
    space = Space(name)
    return space_plane(planes, space)[:, :, _POSITIONS[space].index(position)]
