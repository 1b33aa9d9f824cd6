"""The rules that turn raw inputs into tensors, as Keras layers of the served model: TensorFlow and ONNX obey the same ones."""
