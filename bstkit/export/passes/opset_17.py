"""Opset 18 -> 17, for the operations whose form changed in between, or that old runtimes lack.

ONNX Runtime 1.12, the lowest that loads opset 17, has no kernel for `Clip` of integers on the CPU.
"""

from __future__ import annotations

import onnx
import onnx_ir as ir
from onnx_ir.passes.common import RemoveUnusedNodesPass

from bstkit.errors import ExportError
from bstkit.export.contract import LOWEST, LOWEST_ONNXRUNTIME
from bstkit.export.passes.cleanup import ints

REDUCTIONS = frozenset(
    f"Reduce{kind}" for kind in ("Max", "Min", "Mean", "Prod", "L1", "L2", "LogSum", "LogSumExp", "SumSquare")
)
"""Reductions whose axes are an attribute at 17 and an input at 18. ReduceSum has the input at both."""

_INTEGERS = frozenset({ir.DataType.INT32, ir.DataType.INT64})


def downgrade(model: ir.Model) -> None:
    """Rewrite a model of opset 18 for opset 17, in place.

    Raises:
        ExportError: an operation has no form at opset 17 that this pass knows; all are listed.
    """
    problems = []
    for node in list(model.graph.all_nodes()):
        if node.op_type == "Clip" and node.outputs[0].dtype in _INTEGERS:
            _spell_out(node)
        elif node.op_type in REDUCTIONS:
            if not _axes_to_attribute(node):
                problems.append(f"{node.name}: {node.op_type} with computed axes")
        elif node.op_type == "Split":
            # At 17 the number of equal parts is that of the outputs.
            node.attributes.pop("num_outputs", None)
        elif not _same_form(node):
            problems.append(f"{node.name}: {node.op_type}")
    if problems:
        raise ExportError(
            "these operations have no form at opset 17:\n  " + "\n  ".join(problems), "set opset = 18 in [export]"
        )
    model.opset_imports[""] = 17
    model.metadata_props["bstkit.opset"] = "17"
    model.metadata_props[LOWEST] = LOWEST_ONNXRUNTIME[17]
    RemoveUnusedNodesPass()(model)


def _spell_out(node: ir.Node) -> None:
    """Write a Clip as Max and Min."""
    value, clipped = node.inputs[0], node.outputs[0]
    for op_type, bound in zip(("Max", "Min"), node.inputs[1:], strict=False):
        if bound is None or not isinstance(node.graph, ir.Graph):
            continue
        made = ir.node(op_type, [value, bound], name=f"{node.name}/{op_type}")
        made.outputs[0].type, made.outputs[0].shape = clipped.type, clipped.shape
        node.graph.insert_before(node, made)
        value = made.outputs[0]
    if value is not None:
        ir.convenience.replace_all_uses_with(clipped, value, replace_graph_outputs=True)


def _axes_to_attribute(node: ir.Node) -> bool:
    """Move constant axes from the input to the attribute; False where they are not constant."""
    if len(node.inputs) > 1 and node.inputs[1] is not None:
        axes = ints(node.inputs[1])
        if axes is None:
            return False
        node.attributes["axes"] = ir.AttrInt64s("axes", axes)
        node.resize_inputs(1)
    node.attributes.pop("noop_with_empty_axes", None)
    return True


def _same_form(node: ir.Node) -> bool:
    """Whether the operation is the same one at 17 and 18, or its changes since 17 are not used."""
    if not onnx.defs.has(node.op_type, 17):
        return False
    versions = {onnx.defs.get_schema(node.op_type, opset).since_version for opset in (17, 18)}
    if len(versions) == 1:
        return True
    if node.op_type == "Pad":
        return len(node.inputs) < 4 or node.inputs[3] is None
    return node.op_type in ("ScatterElements", "ScatterND") and node.attributes.get("reduction") is None
