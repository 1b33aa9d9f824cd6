"""PredictionLayer: its global bias is the bias of a dense layer that passes its one input on."""

from keras import ops

from tests.golden.adapters import assign, made


def make(config, style, training):
    return made("PredictionLayer", config)


def call(layer, inputs, case):
    result = layer(inputs["x"])
    layer.kernel.assign(ops.ones((1, 1)))
    return {"y": result}


def variables(layer):
    return {"global_bias": layer.bias}


def load(layer, weights):
    assign(variables(layer), weights)
