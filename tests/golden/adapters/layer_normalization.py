"""LayerNormalization, with or without its shift and scale."""

from tests.golden.adapters import made


def make(config, style, training):
    layer = made("LayerNormalization", config)
    layer.used = [name for name, used in (("gamma", config["scale"]), ("beta", config["center"])) if used]
    return layer


def call(layer, inputs, case):
    return {"y": layer(inputs["x"])}


def variables(layer):
    return {name: getattr(layer, name) for name in layer.used}


def load(layer, weights):
    for name, variable in variables(layer).items():  # DeepCTR makes a beta even where it does not add it
        variable.assign(weights[name])
