"""SequencePoolingLayer, whose result has a middle axis of 1."""

from keras import ops

from tests.golden.adapters import assign, made, masking


def make(config, style, training):
    return made("SequencePoolingLayer", config)


def call(layer, inputs, case):
    return {"y": ops.expand_dims(layer(inputs["x"], **masking(inputs)), 1)}


def variables(layer):
    return {}


def load(layer, weights):
    assign(variables(layer), weights)
