"""AttentionSequencePoolingLayer, whose query and result have a middle axis of 1."""

from keras import ops

from tests.golden.adapters import assign, local_activation, made, masking


def make(config, style, training):
    return made("AttentionSequencePoolingLayer", config)


def call(layer, inputs, case):
    real = masking(inputs, "keys_len", "keys_mask")
    pooled = layer(inputs["keys"], inputs["query"][:, 0], **real, training=case.training)
    return {"y": ops.expand_dims(pooled, 1)}


def variables(layer):
    return {f"local_att/{name}": variable for name, variable in local_activation.variables(layer.unit).items()}


def load(layer, weights):
    assign(variables(layer), weights)
