"""What decoders say beside their result is kept with the image and does not reach the terminal."""

from __future__ import annotations

import os
import threading
import warnings

import numpy as np
import pytest
from PIL import Image

from leukokit.api import decode_image
from leukokit.imageio.decoder_messages import captured_messages
from tests.imageio.image_files import saved, smear


def warning_png() -> bytes:
    """PNG that Pillow warns of: an animation that promises no frame."""
    import struct
    import zlib

    data = saved(Image.fromarray(smear()), "PNG")
    body = b"acTL" + struct.pack(">II", 0, 0)
    return data[:33] + struct.pack(">I", 8) + body + struct.pack(">I", zlib.crc32(body)) + data[33:]


def test_warnings_of_pillow_become_notes() -> None:
    """Even where warnings are errors, the image is read."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        decoded = decode_image(warning_png(), name="")
    assert np.array_equal(decoded.rgb, smear())
    assert decoded.notes == ("the decoder says: Invalid APNG, will use default PNG image if possible",)


def test_libraries_in_c_do_not_reach_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    """Their lines become notes; what a progress bar draws meanwhile does not."""
    with captured_messages(native=True) as said:
        os.write(2, b"TIFFReadDirectory: odd tag.\nTIFFReadDirectory: odd tag.\n\x1b[2K 40 %\n")
    assert said == ["TIFFReadDirectory: odd tag."]
    assert capfd.readouterr().err == "\x1b[2K 40 %\n"


def test_threads_keep_their_own_warnings() -> None:
    """Eight at a time: none loses a note, and warnings work as before afterwards."""
    plain, loud = saved(Image.fromarray(smear()), "PNG"), warning_png()
    before, shown = list(warnings.filters), warnings.showwarning
    wrong: list[int] = []

    def read(number: int) -> None:
        for _ in range(30):
            notes = decode_image(loud if number % 2 else plain, name="").notes
            if len(notes) != number % 2:
                wrong.append(number)

    threads = [threading.Thread(target=read, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert list(warnings.filters) == before
    assert warnings.showwarning is shown
