"""Import and setup of Keras, without side effects on the random state of other code."""

from __future__ import annotations

import logging
import os
import random
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np

from leukokit.errors import LeukokitError

INSTALL_HINT = "pip install 'leukokit[deep]'"


def load_keras() -> Any:
    """Import Keras with the backend from ``KERAS_BACKEND`` or the user's Keras settings.

    Raises
    ------
    LeukokitError
        Where Keras or its backend is not installed.
    """
    # TensorFlow's C++ log messages (CPU features, attributes of graphs) hide leukokit's messages; errors are
    # raised as exceptions anyway.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # It also warns of retracing, and every phase of training has a separate network.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    try:
        with nullcontext() if "keras" in sys.modules else _without_stderr():
            import keras
    except ImportError as error:
        backend = os.environ.get("KERAS_BACKEND", "tensorflow")
        raise LeukokitError(
            f"Keras cannot be imported with the backend {backend!r}: {error}",
            hint=f"{INSTALL_HINT}, or install another backend and set KERAS_BACKEND to jax or torch",
        ) from error
    return keras


@contextmanager
def _without_stderr() -> Iterator[None]:
    """Discard stderr of compiled code: TensorFlow logs before its log level is read."""
    try:
        kept = os.dup(2)
    except OSError:  # the process has no stderr
        yield
        return
    try:
        with Path(os.devnull).open("wb") as nothing:
            os.dup2(nothing.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


@contextmanager
def seeded(seed: int, *, deterministic: bool = True) -> Iterator[None]:
    """Seed all random generators of Keras; restore those of Python and numpy afterwards.

    Parameters
    ----------
    seed : int
        0 to 2**32 - 1.
    deterministic : bool
        Use deterministic operations of the backend. In TensorFlow this cannot be undone within a process; on
        a CPU it takes no measurable time.
    """
    keras = load_keras()
    python_state, numpy_state = random.getstate(), np.random.get_state()  # noqa: NPY002 - what Keras uses
    try:
        keras.utils.set_random_seed(seed)
        if deterministic and keras.backend.backend() == "tensorflow":
            import tensorflow as tf

            tf.config.experimental.enable_op_determinism()
        yield
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)  # noqa: NPY002


@contextmanager
def precision(policy: str) -> Iterator[None]:
    """Build layers under a dtype policy, such as ``mixed_float16``."""
    keras = load_keras()
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def distribution(strategy: str) -> AbstractContextManager[object]:
    """Scope in which a network is built and trained over several devices (``tf.distribute``).

    Parameters
    ----------
    strategy : 'none', 'mirrored' or 'multi_worker'

    Raises
    ------
    LeukokitError
        Where Keras runs on another backend than TensorFlow.
    """
    if strategy == "none":
        return nullcontext()
    backend = load_keras().backend.backend()
    if backend != "tensorflow":
        raise LeukokitError(
            f"strategy {strategy!r} is one of tf.distribute, and Keras runs on {backend}",
            hint="Set KERAS_BACKEND=tensorflow, or strategy: none",
        )
    import tensorflow as tf

    distribute = tf.distribute
    if strategy == "mirrored":
        chosen = distribute.MirroredStrategy()
    else:
        # Several processes do not come here (leukokit.deep.distributed): the devices of this one are
        # meant, whatever TF_CONFIG says.
        alone = distribute.cluster_resolver.SimpleClusterResolver(tf.train.ClusterSpec({}))
        chosen = distribute.MultiWorkerMirroredStrategy(cluster_resolver=alone)
    scope: AbstractContextManager[object] = chosen.scope()
    return scope
