"""Concurrent spatial and channel squeeze-and-excitation (Roy, Navab & Wachinger, 2018)."""

from __future__ import annotations


def scse_block(x, ratio: int, merge: str, name: str):
    """Recalibrate a feature map by channel and by pixel.

    Channel excitation: global average pool, dense C -> C/ratio, ReLU, dense -> C, sigmoid, scale
    the channels. Spatial excitation: 1x1 convolution to one map, sigmoid, scale the pixels. No
    biases.

    Parameters
    ----------
    x : Keras tensor, shape (batch, rows, columns, channels)
    ratio : int
        Reduction of the channel squeeze; at least one hidden unit is kept.
    merge : {"add", "max"}
        Element-wise sum of the two recalibrated maps, or their maximum.
    name : str
        Prefix of the layer names.

    Returns
    -------
    Keras tensor of the shape of `x`
    """
    from keras import layers

    channels = x.shape[-1]
    squeezed = layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}_squeeze")(x)
    hidden = layers.Dense(
        max(channels // ratio, 1), activation="relu", use_bias=False, name=f"{name}_reduce"
    )(squeezed)
    channel_gate = layers.Dense(
        channels, activation="sigmoid", use_bias=False, name=f"{name}_expand"
    )(hidden)
    spatial_gate = layers.Conv2D(
        1, 1, activation="sigmoid", use_bias=False, name=f"{name}_spatial"
    )(x)
    by_channel = layers.Multiply(name=f"{name}_by_channel")([x, channel_gate])
    by_pixel = layers.Multiply(name=f"{name}_by_pixel")([x, spatial_gate])
    join = layers.Add if merge == "add" else layers.Maximum
    return join(name=f"{name}_merge")([by_channel, by_pixel])
