"""It reads what its kind is given, and returns its kind's shape, with the batch and the number of steps left free."""

import keras

from bstkit import slots
from bstkit.contracts import KINDS
from bstkit.spelling import did_you_mean
from bstkit.testing.rule import RuleBroken
from bstkit.testing.subject import Subject, seen_as
from bstkit.testing.symbolic import symbolic_inputs
from bstkit.testing.tensors import STEPS, sample

SIZES = ((1, 1), (2, 3), (5, STEPS), (3, 2))
"""(batch, time) with which one layer is called after the other."""


def check(subject: Subject) -> None:
    """Call a layer with symbolic tensors, then with several sizes."""
    _check_names(subject)
    fixed = subject.requires("fixed_length")
    with seen_as("a size is read from a shape while the layer is built, where it may be free; use ops.shape in `call`"):
        for variant in subject.variants():
            layer = subject.make()
            names = subject.names(layer, variant)
            returned = subject.call(layer, symbolic_inputs(names, time=STEPS if fixed else None))
            _check_free(subject, returned, fixed)
            for batch, time in SIZES:
                steps = STEPS if fixed else time
                mask = sample(["mask"], keras.ops.convert_to_numpy(keras.ops.ones((batch, steps), "bool")))["mask"]
                result = subject.call(layer, sample(names, mask))
                _check_size(subject, result, {"batch": batch, "time": steps})


def _check_names(subject: Subject) -> None:
    """An optional tensor that no one gives would stay None for ever."""
    for name in slots.called_with(subject.component_class):
        if name not in subject.kind.call:
            guess = did_you_mean(name, subject.kind.call)
            raise RuleBroken(
                f"`call` names `{name}`, {guess}".rstrip(", "),
                f"a {subject.kind.name} is given {', '.join(subject.kind.call)}; settings go to the constructor",
            )


def _check_free(subject: Subject, returned: object, fixed: bool) -> None:
    """What was free stays free, and a width that layers behind need is known."""
    for name, tensor in _named(subject, returned).items():
        for dim, size in zip(KINDS[subject.kind.name].shape, tensor.shape, strict=True):
            free = dim == "batch" or (dim == "time" and not fixed)
            if free and size is not None:
                raise RuleBroken(
                    f"`{name}` has the shape {tuple(tensor.shape)}: {dim} is {size}, though the inputs leave it free",
                    "a shape is fixed while the layer is built; use ops.shape, or -1 in ops.reshape",
                )
            if isinstance(dim, str) and dim.startswith("dim") and size is None:
                raise RuleBroken(
                    f"`{name}` has the shape {tuple(tensor.shape)}: its width is not known",
                    "the layers behind it need the width; reshape with a number there, or define compute_output_spec",
                )
        if tensor.dtype != "float32":
            raise RuleBroken(f"`{name}` is {tensor.dtype}", "return float tensors of the layer's compute dtype")


def _check_size(subject: Subject, returned: object, sizes: dict[str, int]) -> None:
    wanted = subject.kind.shape
    for name, tensor in _named(subject, returned).items():
        for dim, size in zip(wanted, tensor.shape, strict=True):
            if sizes.get(str(dim), size) != size:
                raise RuleBroken(
                    f"with {sizes} `{name}` has the shape {tuple(tensor.shape)}, not ({', '.join(map(str, wanted))})",
                    "a size of the first call was kept",
                )


def _named(subject: Subject, returned: object) -> dict[str, keras.KerasTensor]:
    return returned if isinstance(returned, dict) else {subject.kind.writes: returned}
