"""OpenVINO as a second, independent engine: a bundle's golden vectors replayed on its CPU plugin, in float32.

Without being told otherwise OpenVINO computes in bfloat16 where the processor has it, which moves scores by some 1e-2.
Two levels are run: `dynamic`, the graph as it is, and `static`, its dimensions fixed to those of each data set before
it is compiled. What OpenVINO cannot run, or gets wrong, fails like any difference. Seen with OpenVINO 2026.4: it has no
LabelEncoder, so that a bundle of raw ids does not load; it reads a recurrent layer with `sequence_lens` past the end
where the number of steps is dynamic (recipe `dsin` passes at `static` alone); it does not run the Scan of `dien`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from bstkit.bundle.engine import Way
from bstkit.bundle.manifest import MODEL, Manifest
from bstkit.bundle.measure import Measured
from bstkit.bundle.replay import Replay, passed, read_bundle, stated_tolerances
from bstkit.bundle.vectors import read_vectors
from bstkit.config.selection import Tolerance
from bstkit.errors import ProviderError
from bstkit.export.assignment import NodeRun

OPENVINO = "OpenVINO"
LEVELS = ("dynamic", "static")

LOGIT_FACTOR = 10.0
"""A logit may be so many times further off around zero than in ONNX Runtime: OpenVINO sums in another order and has its
own exponentials. Of the recipes, DIN with random weights differed most, by 4.6e-5 on a logit and 5.3e-6 on a
probability; probabilities keep the bundle's tolerance."""

_DEVICE = "CPU"
_HALF = ("bf16", "f16")


def verify_in_openvino(folder: Path, levels: Sequence[str] = LEVELS) -> Replay:
    """Check a bundle, and replay its golden vectors in OpenVINO.

    Args:
        folder: the bundle.
        levels: of `LEVELS`.

    Raises:
        ProviderError: OpenVINO is not installed, or did not compute in float32.
        BundleError: the folder is no bundle, or is of a newer format.
        VerificationError: a file was changed or is missing, the graph is not what the manifest says, OpenVINO cannot
            run it, or scores differ.
    """
    version = _openvino().__version__.partition("-")[0]
    manifest = read_bundle(folder, onnxruntime=None)
    replayed = Measured(tuple(read_vectors(folder, manifest)), _tolerances(manifest))
    replayed.run_all(folder / MODEL, openvino_ways(levels))
    hint = (
        "serve the bundle with ONNX Runtime; where `static` is not among the levels that differ, OpenVINO gives these "
        "numbers once the dimensions are fixed before the model is compiled"
    )
    return passed(manifest, replayed, OPENVINO, f"{version}, float32", hint)


def openvino_ways(levels: Sequence[str] = LEVELS) -> tuple[Way, ...]:
    """OpenVINO's CPU plugin, once a level."""
    return tuple(Way(OPENVINO, "cpu", level, partial(OpenVinoSession, static=level == "static")) for level in levels)


class OpenVinoSession:
    """A model compiled for the CPU in float32.

    Args:
        path: the model.
        scratch: not needed.
        static: fix the dimensions to those of the inputs, anew whenever those change.
    """

    def __init__(self, path: Path, scratch: Path, *, static: bool) -> None:
        self._path = path
        self._static = static
        self._shapes: dict[str, list[int]] = {}
        self._compiled = self._compile()

    def run(self, names: Sequence[str], inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Score inputs; output name -> array."""
        shapes = {name: list(values.shape) for name, values in inputs.items()}
        if self._static and shapes != self._shapes:
            self._shapes = shapes
            self._compiled = self._compile()
        try:
            found = self._compiled(dict(inputs))
        except RuntimeError as error:
            raise RuntimeError(reason(str(error))) from error
        return {name: found[name].copy() for name in names}  # the next run writes to the same memory

    def nodes(self) -> tuple[NodeRun, ...]:
        """The nodes of the compiled graph.

        Raises:
            ProviderError: one of them computes in half precision.
        """
        nodes = []
        for one in self._compiled.get_runtime_model().get_ordered_ops():
            facts = one.get_rt_info()
            name = one.get_friendly_name()
            if facts["runtimePrecision"].astype(str).lower() in _HALF:
                raise ProviderError(f"OpenVINO computes '{name}' in half precision", "use another version of OpenVINO")
            nodes.append(NodeRun(name, facts["layerType"].astype(str), _DEVICE))
        return tuple(nodes)

    def _compile(self) -> Any:
        core = _openvino().Core()
        try:
            model = core.read_model(self._path)
            if self._shapes:
                model.reshape(self._shapes)
            return core.compile_model(model, _DEVICE, {"INFERENCE_PRECISION_HINT": "f32"})
        except RuntimeError as error:
            raise RuntimeError(reason(str(error))) from error


def reason(message: str) -> str:
    """What OpenVINO says went wrong, without where in its own source; its summary where there is one."""
    lines = [line.strip() for line in message.partition("Summary:")[2].splitlines() or message.splitlines()]
    said = [line.removeprefix("-- ") for line in lines if line and not line.startswith("Exception from")]
    return "; ".join(said)


def _tolerances(manifest: Manifest) -> dict[str, Tolerance]:
    """The bundle's, wider for logits."""
    kinds = {one.name: one.kind for one in manifest.contract.outputs}
    return {
        name: Tolerance(atol=one.atol * LOGIT_FACTOR, rtol=one.rtol) if kinds[name] == "logit" else one
        for name, one in stated_tolerances(manifest).items()
    }


def _openvino() -> Any:
    """The package.

    Raises:
        ProviderError: it is not installed.
    """
    try:
        import openvino
    except ImportError as error:
        raise ProviderError("OpenVINO is not installed", "`pip install 'bstkit[openvino]'`") from error
    return openvino
