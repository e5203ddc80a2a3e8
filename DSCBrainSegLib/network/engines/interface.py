"""What every engine offers."""

from __future__ import annotations

from typing import Protocol

import numpy as np


class Engine(Protocol):
    """A network with its weights, ready to compute.

    Attributes
    ----------
    name : str
        ``onnx`` or ``keras``.
    device : str
        What it computes on, in words, for example ``"2 processor cores"``.
    """

    name: str
    device: str

    def predict(self, batch: np.ndarray) -> np.ndarray:
        """Compute the probability of brain.

        Parameters
        ----------
        batch : ndarray of float32, shape (B, N, N, C)
            Slices as `network.channels.input_channels` arranges them; any number of them.

        Returns
        -------
        ndarray of float32, shape (B, N, N)
            In [0, 1]. The same bits for the same slices, whatever the number of threads.
        """
        ...
