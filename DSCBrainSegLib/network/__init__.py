"""The U-Net + ResNet + scSE network: architecture, weights, prediction."""
