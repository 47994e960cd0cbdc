"""Array types that cross the plugin border."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

RGBImage: TypeAlias = NDArray[np.uint8]
"""uint8, H x W x 3, channels red, green, blue, values 0..255."""

LabelImage: TypeAlias = NDArray[np.int32]
"""int32, H x W; 0 is background, each object has one positive id."""

Mask: TypeAlias = NDArray[np.bool_]
"""bool, H x W."""

FloatArray: TypeAlias = NDArray[np.float64]
"""float64, any shape."""
