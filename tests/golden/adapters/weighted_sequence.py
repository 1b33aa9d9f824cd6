"""WeightedSequenceLayer."""

from tests.golden.adapters import assign, made, masking


def make(config, style, training):
    return made("WeightedSequenceLayer", config)


def call(layer, inputs, case):
    return {"y": layer(inputs["x"], inputs["weight"], **masking(inputs))}


def variables(layer):
    return {}


def load(layer, weights):
    assign(variables(layer), weights)
