"""The rules that turn raw inputs into tensors, as layers of the served model, so that ONNX obeys them too."""
