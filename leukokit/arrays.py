"""Array types that cross the plugin border."""

from __future__ import annotations

from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

S = TypeVar("S", bound=np.generic)

RGBImage: TypeAlias = NDArray[np.uint8]
"""uint8, H x W x 3, channels red, green, blue, values 0..255."""

LabelImage: TypeAlias = NDArray[np.int32]
"""int32, H x W; 0 is background, each object has one positive id."""

Mask: TypeAlias = NDArray[np.bool_]
"""bool, H x W."""

FloatArray: TypeAlias = NDArray[np.float64]
"""float64, any shape."""


def sealed(array: NDArray[S]) -> NDArray[S]:
    """Give the same values, not copied, as an array that cannot be written to.

    ``setflags(write=False)`` alone can be undone by any code that has the array; memory that is given as
    read-only cannot be made writable from the array.
    """
    base: Any = array.base
    if not array.flags.writeable and isinstance(base, memoryview):
        return array
    readonly: NDArray[Any] = np.asarray(memoryview(array).toreadonly())  # type: ignore[arg-type]
    return readonly
