"""The Keras model: U-Net whose stages are residual units with scSE blocks."""

from __future__ import annotations

from DSCBrainSegLib.network.config import NetworkConfig
from DSCBrainSegLib.network.scse import scse_block

CLASS_COUNT = 2
"""Background and brain."""


def build_model(config: NetworkConfig | None = None):
    """Build the segmentation network as a Keras functional model.

    Only Keras layers are used (no Lambda, no back-end operations), so the model runs and trains on
    TensorFlow, JAX and PyTorch and its weights load with Keras' safe mode. Kernels start from
    Glorot uniform, as in the source paper (Alkhimova & Diumin 2022).

    Parameters
    ----------
    config : NetworkConfig, optional
        Architecture; the paper's reading by default.

    Returns
    -------
    keras.Model
        Input (batch, rows, columns, channels) with intensities in [0, 1]; output
        (batch, rows, columns, 2): softmax probabilities of background and brain.

    Examples
    --------
    >>> from DSCBrainSegLib.network.model import build_model
    >>> build_model().count_params()
    8490050
    """
    import keras
    from keras import layers

    config = config or NetworkConfig()
    inputs = keras.Input(
        (config.input_size, config.input_size, config.input_channels), name="slice"
    )
    x = inputs
    skips = []
    for level, width in enumerate(config.widths):
        if level > 0:
            x = layers.MaxPooling2D(2, name=f"down{level}")(x)
        x = _stage(x, width, config, f"encoder{level}")
        skips.append(x)
    for level in reversed(range(len(config.widths) - 1)):
        width = config.widths[level]
        x = _upsample(x, width, config.upsampling, f"up{level}")
        x = layers.Concatenate(name=f"join{level}")([x, skips[level]])
        x = _stage(x, width, config, f"decoder{level}")
    logits = layers.Conv2D(CLASS_COUNT, 1, name="classes")(x)
    # Softmax stays in float32 under mixed precision, where 16 bits would round small probabilities.
    outputs = layers.Softmax(name="probabilities", dtype="float32")(logits)
    return keras.Model(inputs, outputs, name="dsc_brain_unet")


def _stage(x, width: int, config: NetworkConfig, name: str):
    for unit in range(config.units_per_stage):
        x = _residual_unit(x, width, config, f"{name}_unit{unit}")
    return x


def _residual_unit(x, width: int, config: NetworkConfig, name: str):
    from keras import layers

    def scse(tensor):
        return scse_block(tensor, config.scse_ratio, config.scse_merge, f"{name}_scse")

    if config.scse == "pre":
        x = scse(x)
    branch = _convolution(x, width, 3, f"{name}_conv1")
    branch = layers.ReLU(name=f"{name}_relu1")(branch)
    branch = _convolution(branch, width, 3, f"{name}_conv2")
    if config.scse == "standard":
        branch = scse(branch)
    shortcut = x
    if x.shape[-1] != width:
        shortcut = _convolution(x, width, 1, f"{name}_shortcut")
    if config.scse == "identity":
        shortcut = scse(shortcut)
    x = layers.Add(name=f"{name}_add")([branch, shortcut])
    x = layers.ReLU(name=f"{name}_relu2")(x)
    if config.scse == "post":
        x = scse(x)
    return x


def _convolution(x, width: int, size: int, name: str):
    from keras import layers

    x = layers.Conv2D(width, size, padding="same", use_bias=False, name=name)(x)
    return layers.BatchNormalization(name=f"{name}_norm")(x)


def _upsample(x, width: int, kind: str, name: str):
    from keras import layers

    if kind == "tconv":
        return layers.Conv2DTranspose(width, 2, strides=2, name=name)(x)
    x = layers.UpSampling2D(2, interpolation="bilinear", name=f"{name}_bilinear")(x)
    return layers.Conv2D(width, 3, padding="same", name=name)(x)
