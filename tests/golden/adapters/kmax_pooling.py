"""KMaxPooling, without a mask."""

from tests.golden.adapters import assign, made


def make(config, style, training):
    return made("KMaxPooling", config)


def call(layer, inputs, case):
    return {"y": layer(inputs["x"])}


def variables(layer):
    return {}


def load(layer, weights):
    assign(variables(layer), weights)
