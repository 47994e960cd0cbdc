"""Steps of one network in several processes that come to what one process does with the whole batch.

Each process passes its part of a batch through the network; gradients are summed and every optimizer takes
the same step. What a layer does to a batch as a whole is done to the whole batch: batch normalization takes
its moments over all parts, and random layers draw for all rows and use the numbers of their own. So loss,
gradients and weights are those of one process, up to the order in which floats are added.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from leukokit.deep.distributed.process_group import ProcessGroup, share_of
from leukokit.deep.runtime import load_keras


class DistributedSteps:
    """The steps of one phase.

    Parameters
    ----------
    model : keras.Model
        Compiled; from rows to scores before softmax. Its weights learn, and its optimizer takes the steps.
    group : ProcessGroup
    label_smoothing : float
    dtype : numpy dtype
        Of the rows that the model takes: they are cast where it computes, and travel as they are.
    """

    def __init__(self, model: Any, group: ProcessGroup, *, label_smoothing: float, dtype: Any) -> None:
        import tensorflow as tf

        self.model = model
        self.group = group
        keras = load_keras()
        self.start = tf.Variable(0, trainable=False, dtype=tf.int32)
        self.total = tf.Variable(0, trainable=False, dtype=tf.int32)
        self.twin = _whole_batch(model, self.start, self.total)
        loss_of = keras.losses.CategoricalCrossentropy(
            from_logits=True, label_smoothing=label_smoothing, reduction=None
        )
        optimizer, trained = model.optimizer, model.trainable_variables

        def mine(x: Any, y: Any, weights: Any, weight: Any) -> Any:
            # Means over the whole batch: this process adds its share to each.
            share = weight / tf.cast(self.total, tf.float32)
            rows = tf.cast(tf.shape(y)[0], tf.float32)
            with tf.GradientTape() as tape:
                logits = self.twin(tf.cast(x, model.input.dtype), training=True)
                loss = tf.reduce_sum(loss_of(y, logits) * weights) * share
                if self.twin.losses:
                    loss += tf.add_n(self.twin.losses) * share * rows
                scaled = optimizer.scale_loss(loss)
            gradients = tape.gradient(scaled, trained)
            right = tf.equal(tf.argmax(logits, axis=1), tf.argmax(y, axis=1))
            accuracy = tf.reduce_sum(tf.cast(right, tf.float32)) * share
            known = [gradient for gradient in gradients if gradient is not None]
            context = tf.distribute.get_replica_context()
            summed = context.all_reduce(tf.distribute.ReduceOp.SUM, [*known, loss, accuracy])
            rest = iter(summed)
            ordered = [None if gradient is None else next(rest) for gradient in gradients]
            return ordered, summed[-2], summed[-1]

        # One graph for batches of any length: sums are matched by their place in the graph, so a process that
        # built it anew for a shorter batch would wait for sums that the others do not make.
        rows = tf.TensorSpec([None, *model.input.shape[1:]], tf.as_dtype(dtype))
        targets = tf.TensorSpec([None, *model.output.shape[1:]], tf.float32)

        @tf.function(  # type: ignore[untyped-decorator]
            input_signature=[rows, targets, tf.TensorSpec([None]), tf.TensorSpec([])]
        )
        def step(x: Any, y: Any, weights: Any, weight: Any) -> Any:
            gradients, loss, accuracy = group.strategy.run(mine, args=(x, y, weights, weight))
            optimizer.apply(gradients, trained)
            return loss, accuracy

        self._step = step

    def epoch(
        self, batches: Any, sizes: list[int], advance: Callable[[], None] | None = None
    ) -> dict[str, float]:
        """Take all steps of an epoch.

        Parameters
        ----------
        batches : keras.utils.PyDataset
            The rows of this process, as ``epoch_batches`` cuts them.
        sizes : list of int
            Rows of each batch in all processes.
        advance : callable, optional
            Called after each step.

        Returns
        -------
        dict
            ``loss`` and ``accuracy``, means over the rows of all processes.
        """
        loss = accuracy = 0.0
        with ThreadPoolExecutor(1) as reader:  # the next batch is made while this one is trained
            following = reader.submit(batches.__getitem__, 0)
            for number, size in enumerate(sizes):
                x, y, *given = following.result()
                if number + 1 < len(sizes):
                    following = reader.submit(batches.__getitem__, number + 1)
                share = share_of(size, self.group.rank, self.group.size)
                weights = given[0] if given else np.ones(len(y), dtype=np.float32)
                self.start.assign(share.start)
                self.total.assign(size)
                one = self._step(x, y, weights, np.float32(share.weight))
                loss += float(one[0]) * size
                accuracy += float(one[1]) * size
                if advance is not None:
                    advance()
        return {"loss": loss / sum(sizes), "accuracy": accuracy / sum(sizes)}


def synchronize(network: Any) -> None:
    """Let batch normalization take its moments over the parts of all processes."""
    keras = load_keras()
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.synchronized = True


def _whole_batch(model: Any, start: Any, total: Any) -> Any:
    """Give the same layers as a model in which random ones draw for the whole batch."""
    import tensorflow as tf

    keras = load_keras()

    class Whole(keras.layers.Layer):  # type: ignore[misc, name-defined]
        """Puts the rows of this process where they are in the batch, and takes them out again."""

        def __init__(self, inner: Any) -> None:
            super().__init__(name=f"{inner.name}_whole", dtype=inner.dtype_policy)
            self.inner = inner

        def call(self, x: Any, training: bool | None = None) -> Any:
            if not training:
                return self.inner(x, training=training)
            rows = tf.shape(x)[0]
            rest = tf.zeros([x.shape.rank - 1, 2], tf.int32)
            around = tf.concat([[[start, total - start - rows]], rest], axis=0)
            whole = tf.ensure_shape(tf.pad(x, around), x.shape)
            return tf.ensure_shape(self.inner(whole, training=training)[start : start + rows], x.shape)

    def called(layer: Any, *args: Any, **kwargs: Any) -> Any:
        if hasattr(layer, "seed_generator"):
            return Whole(layer)(*args)
        return layer(*args, **kwargs)

    return keras.models.clone_model(model, clone_function=lambda layer: layer, call_function=called)
