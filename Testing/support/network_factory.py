"""Networks with weights that no training gave them."""

import numpy as np


def random_model(keras, config, seed=3):
    """Build a network whose norms, too, have learned something."""
    from DSCBrainSegLib.network.model import build_model

    keras.utils.set_random_seed(seed)
    model = build_model(config)
    random = np.random.default_rng(seed)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights(
                [random.uniform(0.5, 1.5, w.shape).astype(np.float32) for w in layer.get_weights()]
            )
    return model
