"""DNN."""

from bstkit.layers.dice import Dice
from tests.golden.adapters import assign, dice, made


def make(config, style, training):
    return made("DNN", config)


def call(layer, inputs, case):
    return {"y": layer(inputs["x"], training=case.training)}


def variables(layer):
    found = {}
    for number, (dense, activation) in enumerate(zip(layer.dense, layer.activations, strict=True)):
        found |= {f"kernel{number}": dense.kernel, f"bias{number}": dense.bias}
        if isinstance(activation, Dice):
            found |= {f"dice{number}/{name}": variable for name, variable in dice.variables(activation).items()}
    for number, norm in enumerate(layer.normalizations):
        for name in ("gamma", "beta", "moving_mean", "moving_variance"):
            found[f"bn{number}/{name}"] = getattr(norm, name)
    return found


def load(layer, weights):
    assign(variables(layer), weights)
