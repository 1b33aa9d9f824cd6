"""What the accelerators of phones would make of a model: the verdict of ONNX Runtime's mobile usability checker."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from bstkit.export.providers import optimise
from bstkit.export.report import Usability
from bstkit.export.targets.ort_file import LEVEL
from bstkit.export.targets.ort_tools import tools_contained


def mobile_usability(model: Path) -> dict[str, Usability]:
    """Accelerator -> verdict, by operations and shapes; the finer limits of accelerators the checker does not know."""
    with tempfile.TemporaryDirectory(prefix="bstkit-") as folder, tools_contained():
        from onnxruntime.tools.onnx_model_utils import ModelProtoWithShapeInfo

        # The checker's own first step, at its own level.
        optimised = Path(folder) / model.name
        optimise(model, optimised, LEVEL)
        inferred = ModelProtoWithShapeInfo(optimised).model_with_shape_info
        return {name: _usability(check(inferred, True)) for name, check in _checks().items()}


def _checks() -> dict[str, Callable[[Any, bool], Any]]:
    """Accelerator -> the checker's function, which is asked to count only nodes of fixed shapes."""
    from onnxruntime.tools.mobile_helpers.usability_checker import check_coreml_partitions, check_nnapi_partitions

    return {
        "NNAPI": check_nnapi_partitions,
        "CoreML NeuralNetwork": partial(_coreml, check_coreml_partitions, "coreml_supported_neuralnetwork_ops.md"),
        "CoreML MLProgram": partial(_coreml, check_coreml_partitions, "coreml_supported_mlprogram_ops.md"),
    }


def _coreml(check: Callable[..., Any], operations: str, model: Any, fixed: bool) -> Any:
    return check(model, fixed, operations)


def _usability(found: Any) -> Usability:
    return Usability(
        verdict=found.suitability().name.lower(),
        nodes=found.num_nodes,
        supported=found.num_supported_nodes,
        partitions=found.num_partitions,
        unsupported=tuple(sorted(name.removeprefix("ai.onnx:") for name in found.unsupported_ops)),
        dynamic=found.nodes_unsupported_due_to_dynamic_input,
        rank=found.num_unsupported_nodes_due_to_rank,
    )
