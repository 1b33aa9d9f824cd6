"""The bundle: what a serving team receives, and everything that works on it without TensorFlow."""
