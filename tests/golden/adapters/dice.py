"""Dice."""

from tests.golden.adapters import assign, made


def make(config, style, training):
    return made("Dice", config)


def call(layer, inputs, case):
    return {"y": layer(inputs["x"], training=case.training)}


def variables(layer):
    return {name: getattr(layer, name) for name in ("alphas", "moving_mean", "moving_variance")}


def load(layer, weights):
    assign(variables(layer), weights)
