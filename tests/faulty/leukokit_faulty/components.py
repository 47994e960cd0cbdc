"""Components that crash, hang, lie or write where they may not."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from typing import Literal

import numpy as np

from leukokit.api import FeatureExtractor, Field, Labels, Params, Planes, Preprocessor, RGBImage, Selector
from leukokit_faulty.misdeeds import LEAKED, end, take_memory


def marked(image: RGBImage) -> bool:
    """Whether this is one of the images to break on."""
    return tuple(image[0, 0]) == (255, 0, 0)


class FaultyStepParams(Params):
    """How to break."""

    mode: Literal[
        "none",
        "raise",
        "segfault",
        "hang",
        "memory",
        "shape",
        "dtype",
        "write",
        "unlock",
        "exit",
        "nothing",
        "sys_exit",
        "base_exception",
        "keyboard_interrupt",
        "endless",
        "leak",
        "interrupt",
    ] = Field("none", description="What to do with a marked image.")


class FaultyStep(Preprocessor):
    """Returns images as they are, but for marked ones."""

    Params = FaultyStepParams
    params: FaultyStepParams

    def apply(self, image: RGBImage, *, rng: np.random.Generator | None = None) -> RGBImage:
        """Break on marked images."""
        if not marked(image):
            return image
        match self.params.mode:
            case "raise":
                raise RuntimeError("this plugin cannot cope")
            case "segfault":
                signal.raise_signal(signal.SIGSEGV)  # in this very thread, as a real one
            case "exit":
                os._exit(7)
            case "hang":
                time.sleep(3600)
            case "interrupt":
                try:
                    signal.raise_signal(signal.SIGINT)
                except KeyboardInterrupt as error:  # what Python makes of compiled code that does not see it
                    raise SystemError("compiled code returned a result with an exception set") from error
            case "memory":
                raise MemoryError("no more")
            case "shape":
                return image[:-1]
            case "dtype":
                return image.astype(np.float32)  # type: ignore[return-value]
            case "write":
                image[0, 0] = 0
            case "unlock":
                image.setflags(write=True)
                image[0, 0] = 0
            case "sys_exit" | "base_exception" | "keyboard_interrupt":
                end(self.params.mode)
            case "endless":
                take_memory()
            case "leak":
                LEAKED.append(np.ones(30 * 2**20, np.uint8))
            case "nothing":
                return None  # type: ignore[return-value]
        return image


class Noise(Preprocessor):
    """Adds uniform noise from the generator it is handed."""

    stochastic = True

    def apply(self, image: RGBImage, *, rng: np.random.Generator | None = None) -> RGBImage:
        """Add 0..9 to every value."""
        assert rng is not None
        return np.minimum(image.astype(np.int64) + rng.integers(0, 10, image.shape), 255).astype(np.uint8)


class FaultyValueParams(Params):
    """What to return."""

    value: Literal["nan", "inf", "1e308", "misnamed", "array", "text", "swap", "mean"] = Field(
        "mean", description="For marked images."
    )


class FaultyValue(FeatureExtractor):
    """Mean gray, but for marked images."""

    Params = FaultyValueParams
    params: FaultyValueParams

    def names(self) -> tuple[str, ...]:
        """Two names."""
        return ("faulty_mean", "faulty_std")

    def extract(self, planes: Planes, labels: Labels | None = None) -> Mapping[str, float]:
        """Lie about marked images."""
        found = {"faulty_mean": float(planes.gray.mean()), "faulty_std": float(planes.gray.std())}
        if marked(planes.rgb) and self.params.value == "misnamed":
            return {"faulty_meen": 1.0, "faulty_std": 1.0}
        if marked(planes.rgb) and self.params.value == "array":
            return {"faulty_mean": np.zeros(3), "faulty_std": 1.0}  # type: ignore[dict-item]
        if marked(planes.rgb) and self.params.value == "text":
            return {"faulty_mean": "12", "faulty_std": 1.0}  # type: ignore[dict-item]
        if marked(planes.rgb) and self.params.value == "swap":
            planes.rgb = np.zeros_like(planes.rgb)  # type: ignore[misc]
        if marked(planes.rgb) and self.params.value != "mean":
            found["faulty_mean"] = float(self.params.value)
        return found


class NeedsAbsent(Selector):
    """Needs a package that nobody has."""

    requires = ("a_package_that_is_not_there",)
    install_hint = "pip install 'leukokit[deep]'"
