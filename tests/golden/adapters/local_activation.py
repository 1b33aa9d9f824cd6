"""LocalActivationUnit, which has no mask: every step is real."""

from keras import ops

from tests.golden.adapters import assign, dnn, made


def make(config, style, training):
    return made("LocalActivationUnit", config)


def call(layer, inputs, case):
    keys = inputs["keys"]
    every = ops.ones(keys.shape[:2], dtype="bool")
    return {"y": ops.expand_dims(layer(keys, every, inputs["query"][:, 0], training=case.training), -1)}


def variables(layer):
    hidden = {f"dnn/{name}": variable for name, variable in dnn.variables(layer.network).items()}
    return {**hidden, "kernel": layer.score.kernel, "bias": layer.score.bias}


def load(layer, weights):
    assign(variables(layer), weights)
