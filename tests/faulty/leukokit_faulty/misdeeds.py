"""What a component must never do, by name."""

from __future__ import annotations

import logging
import os
import random
import signal
import sys
import threading
import time
import warnings

import numpy as np

LEAKED: list[object] = []
"""Memory that is never given back."""

ENDS = ("raise", "sys_exit", "base_exception", "keyboard_interrupt", "os_exit", "segfault", "silence")
"""Misdeeds after which the method does not go on."""


class Rude(BaseException):
    """Not an Exception."""


def end(misdeed: str) -> None:
    """End the method, or the whole process."""
    match misdeed:
        case "raise":
            raise RuntimeError("this plugin cannot cope")
        case "sys_exit":
            sys.exit(0)
        case "base_exception":
            raise Rude("rude")
        case "keyboard_interrupt":
            raise KeyboardInterrupt
        case "os_exit":
            os._exit(0)
        case "segfault":
            signal.raise_signal(signal.SIGSEGV)
        case "silence":
            time.sleep(3600)


def disturb() -> None:
    """Change whatever is of the whole process, print, and leave a thread behind."""
    import cv2
    import sklearn

    print("printed by a plugin")
    os.write(1, b"written by a plugin\n")
    np.seterr(all="raise")
    warnings.simplefilter("error")
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002 - a misdeed
    cv2.setNumThreads(1)
    cv2.setUseOptimized(False)
    sklearn.set_config(transform_output="pandas", assume_finite=True)
    logging.disable(logging.CRITICAL)
    logging.getLogger().setLevel(logging.CRITICAL)
    os.chdir("/")
    threading.Thread(target=time.sleep, args=(3600,)).start()


def take_memory() -> None:
    """Take memory until somebody stops it."""
    while True:
        LEAKED.append(np.ones(2**26, np.uint8))
        time.sleep(0.02)


def do(misdeed: str) -> None:
    """Do one of all."""
    if misdeed == "disturb":
        disturb()
    elif misdeed == "endless":
        take_memory()
    else:
        end(misdeed)
