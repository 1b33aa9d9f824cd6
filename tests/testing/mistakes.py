"""A plugin of the layers with mistakes: one component for each, named after it."""

from bstkit import Component, hookimpl

MISTAKES = {
    "needs_units": ("builds_from_defaults", "gives no default to units"),
    "swallows_arguments": ("rejects_bad_arguments", "takes a parameter 'no_such_parameter'"),
    "has_untyped_parameter": ("rejects_bad_arguments", "parameter 'units' has no type"),
    "takes_any_rate": ("rejects_bad_arguments", "rate=nan is accepted"),
    "refuses_namelessly": ("rejects_bad_arguments", "widths=[-1] is refused without naming the parameter"),
    "forgets_rate": ("config_round_trips", "the config has no 'rate'"),
    "tells_the_default": ("config_round_trips", "made with units=18, the config says 8"),
    "is_not_registered": ("config_round_trips", "IsNotRegistered is not registered with Keras"),
    "returns_a_matrix": ("shape_matches_contract", "it returns shape (None, None, 8), not (batch, dim')"),
    "misspells_a_tensor": ("shape_matches_contract", "`call` names `targett`, did you mean 'target'?"),
    "keeps_the_batch": ("shape_matches_contract", "batch is 6, though the inputs leave it free"),
    "reads_padding": ("padding_is_ignored", "with 10000 at masked steps"),
    "counts_padding": ("padding_is_ignored", "with 3 more masked steps"),
    "divides_by_nothing": ("empty_history_is_finite", "in float32 (all tensors) `pooled` is nan in row 'empty'"),
    "divides_by_a_little": ("empty_history_is_finite", "in mixed_float16 (all tensors) `pooled` is nan in row 'empty'"),
    "pools_nothing_to_one": ("empty_history_is_finite", "`pooled` of an empty history is 1, not 0"),
    "normalises_the_batch": ("rows_are_independent", "alone (all tensors) `pooled`"),
    "always_drops": ("inference_is_deterministic", "differs by"),
    "stops_the_gradient": ("every_weight_learns", "no gradient reaches"),
    "has_an_idle_weight": ("every_weight_learns", "/idle (1 of 3 weights)"),
    "computes_in_float32": ("mixed_precision_trains", "bfloat16"),
    "overflows_in_float16": ("mixed_precision_trains", "the loss in mixed_float16 is"),
    "draws_in_the_constructor": ("reloads_in_a_new_process", "in the new process `pooled`"),
    "cannot_be_converted": ("exports_and_verifies", "BesselI0e"),
    "is_lowered_wrongly": ("exports_and_verifies", "ONNX Runtime and TensorFlow differ"),
    "loops": ("graph_is_portable", "Loop is slow and not portable"),
    "computes_in_float64": ("graph_is_portable", "Cast gives float64"),
}
"""Component -> the rule that it breaks, and words of the evidence."""


@hookimpl
def bstkit_components():
    for name in ("good_pooling", *MISTAKES):
        target = f"tests.testing.layers:{name.title().replace('_', '')}"
        yield Component("pooling", name, target, "A mistake.")
