"""Execution providers of ONNX Runtime by short names, and proof that the one asked for did the work."""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from bstkit.errors import ProviderError
from bstkit.export.assignment import NodeRun, count_by_provider, read_profile
from bstkit.spelling import did_you_mean

PROVIDERS = {
    "cpu": ("CPUExecutionProvider",),
    "cuda": ("CUDAExecutionProvider", "CPUExecutionProvider"),
    "tensorrt": ("TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider"),
}
"""Short name -> ONNX Runtime's providers, the one that is meant first; the others take what it leaves."""

LEVELS = {
    "disable": "ORT_DISABLE_ALL",
    "basic": "ORT_ENABLE_BASIC",
    "extended": "ORT_ENABLE_EXTENDED",
    "all": "ORT_ENABLE_ALL",
}
"""Graph optimisation level -> ONNX Runtime's name for it, the least first."""


_WARNING = 2
"""ONNX Runtime's own default severity; it has no getter."""


def check_names(providers: Sequence[str]) -> None:
    """Check provider names before any work.

    Raises:
        ProviderError: a name is unknown, none is given, or it does not work on this machine.
    """
    if not providers:
        raise ProviderError("no execution provider was given", f"choose from {', '.join(PROVIDERS)}")
    for name in providers:
        if name not in PROVIDERS:
            hint = f"{did_you_mean(name, PROVIDERS)} there are {', '.join(PROVIDERS)}".strip()
            raise ProviderError(f"no execution provider named '{name}'", hint)
        if PROVIDERS[name][0] not in _runtime().get_available_providers():
            raise _did_not_run(name, f"this ONNX Runtime was built without {PROVIDERS[name][0]}")
        if name != "cpu":
            # The list above is what ONNX Runtime was built with; whether it works here only a session tells.
            _open(_identity_model(), name, _runtime().SessionOptions())


def make_session(path: Path, provider: str, level: str, profile: Path) -> Any:
    """Open a model.

    Args:
        path: the model.
        provider: `"cpu"`, `"cuda"` or `"tensorrt"`.
        level: one of `LEVELS`.
        profile: prefix of the profile that is written until `end_profiling` is called.

    Raises:
        ProviderError: ONNX Runtime fell back to another provider.
    """
    runtime = _runtime()
    options = runtime.SessionOptions()
    options.graph_optimization_level = getattr(runtime.GraphOptimizationLevel, LEVELS[level])
    options.enable_profiling = True
    options.profile_file_prefix = str(profile)
    return _open(path, provider, options)


def open_session(path: Path, provider: str, threads: int | None = None) -> Any:
    """Open a model to score with, without a profile.

    Args:
        path: the model.
        provider: `"cpu"`, `"cuda"` or `"tensorrt"`.
        threads: that one call uses. Defaults to ONNX Runtime's choice, one a core.

    Raises:
        ProviderError: ONNX Runtime fell back to another provider.
    """
    options = _runtime().SessionOptions()
    if threads is not None:
        options.intra_op_num_threads = threads
    return _open(path, provider, options)


def optimise(model: Path, optimised: Path, level: str) -> None:
    """Write a model as ONNX Runtime rewrites it for its CPU provider, in ONNX or, with the suffix `.ort`, its own form.

    Args:
        model: read.
        optimised: written.
        level: one of `LEVELS`.
    """
    runtime = _runtime()
    options = runtime.SessionOptions()
    options.graph_optimization_level = getattr(runtime.GraphOptimizationLevel, LEVELS[level])
    options.optimized_model_filepath = str(optimised)
    options.add_session_config_entry("session.save_model_format", "ORT" if optimised.suffix == ".ort" else "ONNX")
    _open(model, "cpu", options)


def nodes_that_ran(session: Any, provider: str) -> tuple[NodeRun, ...]:
    """End the profile of a session that has run once, and return the nodes that ran.

    Raises:
        ProviderError: the provider that was asked for ran no node.
        RunError: the profile could not be written as a whole.
    """
    nodes = read_profile(session)
    counts = count_by_provider(nodes)
    if not counts.get(PROVIDERS[provider][0]):
        raise _did_not_run(provider, "every node ran on " + (", ".join(counts) or "no provider at all"))
    return nodes


def _open(model: Path | bytes, provider: str, options: Any) -> Any:
    runtime = _runtime()
    options.log_severity_level = 4  # a failure is told by what is raised here, not on stderr
    said = io.StringIO()
    runtime.set_default_logger_severity(4)
    try:
        with redirect_stdout(said):  # where ONNX Runtime prints which libraries it could not load
            if provider != "cpu":
                runtime.preload_dlls()
            session = runtime.InferenceSession(model, options, providers=list(PROVIDERS[provider]))
    finally:
        runtime.set_default_logger_severity(_WARNING)
    if session.get_providers()[0] != PROVIDERS[provider][0]:
        cause = said.getvalue().partition("\n")[0]
        raise _did_not_run(
            provider,
            f"ONNX Runtime fell back to {', '.join(session.get_providers())}" + (f" ({cause})" if cause else ""),
        )
    return session


def _identity_model() -> bytes:
    """The smallest model that a session can be opened on."""
    from onnx import TensorProto, helper

    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "probe", values[:1], values[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    serialised: bytes = model.SerializeToString()
    return serialised


def _did_not_run(name: str, why: str) -> ProviderError:
    hint = "leave it out"
    if name in ("cuda", "tensorrt"):
        hint = "on a machine with an NVIDIA GPU: `pip install 'bstkit[cuda]'`; elsewhere use --provider cpu"
    return ProviderError(f"execution provider '{name}' was asked for and did not run: {why}", hint)


def _runtime() -> Any:
    import onnxruntime

    return onnxruntime
