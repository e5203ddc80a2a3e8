"""Losses for two-class softmax outputs."""

from __future__ import annotations


def cross_entropy_with_dice(dice_weight: float = 1.0):
    """Make the training loss: sparse categorical cross-entropy plus soft Dice loss of the brain.

    Both are taken over all pixels of the batch. The paper trains on cross-entropy alone
    (``dice_weight=0``).

    Parameters
    ----------
    dice_weight : float
        Weight of the Dice term.

    Returns
    -------
    callable
        ``loss(labels (B, R, C) int, probabilities (B, R, C, 2)) -> scalar``.
    """
    import keras
    from keras import ops

    def loss(labels, probabilities):
        # Flattened first: Keras' PyTorch back end cannot differentiate the loss of a 4-D map.
        target = ops.reshape(labels, (-1,))
        predicted = ops.cast(ops.reshape(probabilities, (-1, 2)), "float32")
        value = ops.mean(keras.losses.sparse_categorical_crossentropy(target, predicted))
        if dice_weight:
            brain = predicted[:, 1]
            truth = ops.cast(target, "float32")
            overlap = ops.sum(brain * truth)
            total = ops.sum(brain) + ops.sum(truth)
            value = value + dice_weight * (1 - (2 * overlap + 1) / (total + 1))
        return value

    return loss


def brain_dice(labels, probabilities):
    """Hard Dice of the brain class over the batch, a Keras metric function."""
    from keras import ops

    brain = ops.cast(probabilities[..., 1] > 0.5, "float32")
    truth = ops.cast(ops.reshape(labels, ops.shape(brain)), "float32")
    return (2 * ops.sum(brain * truth) + 1) / (ops.sum(brain) + ops.sum(truth) + 1)
