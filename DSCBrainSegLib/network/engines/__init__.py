"""What computes the network: ONNX Runtime or Keras, behind one small interface."""
