"""Compose Behavior Sequence Transformer models from plugins, train them, export ONNX that gives the same numbers.

The public names below are imported when they are first used, so that `import bstkit` costs nothing: each hook module of
a plugin and every light command import it.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bstkit.artefact import load_run
    from bstkit.bundle.diff import diff_bundles
    from bstkit.bundle.replay import verify_bundle
    from bstkit.bundle.scorer import load_bundle
    from bstkit.component import Component, GraphPass
    from bstkit.compose import compose
    from bstkit.config.features_file import load_features
    from bstkit.config.resolve import load_selection
    from bstkit.data.description import describe_log
    from bstkit.data.prepared.folder import open_dataset
    from bstkit.data.prepared.job import prepare_dataset
    from bstkit.errors import (
        BstkitError,
        BundleError,
        ComponentError,
        ConfigError,
        DataError,
        ExportError,
        PluginError,
        ProviderError,
        RunError,
        TrainingError,
        TrainingInterrupted,
        VerificationError,
        WorkerFinished,
    )
    from bstkit.evaluation import evaluate
    from bstkit.export import export, verify
    from bstkit.hookspecs import hookimpl
    from bstkit.predict import predict
    from bstkit.registry import load_registry
    from bstkit.training import train
    from bstkit.version import __version__

__all__ = [
    "BstkitError",
    "BundleError",
    "Component",
    "ComponentError",
    "ConfigError",
    "DataError",
    "ExportError",
    "GraphPass",
    "PluginError",
    "ProviderError",
    "RunError",
    "TrainingError",
    "TrainingInterrupted",
    "VerificationError",
    "WorkerFinished",
    "__version__",
    "compose",
    "describe_log",
    "diff_bundles",
    "evaluate",
    "export",
    "hookimpl",
    "load_bundle",
    "load_features",
    "load_registry",
    "load_run",
    "load_selection",
    "open_dataset",
    "predict",
    "prepare_dataset",
    "train",
    "verify",
    "verify_bundle",
]

_MODULES = {
    "Component": "bstkit.component",
    "GraphPass": "bstkit.component",
    "__version__": "bstkit.version",
    "compose": "bstkit.compose",
    "describe_log": "bstkit.data.description",
    "diff_bundles": "bstkit.bundle.diff",
    "evaluate": "bstkit.evaluation",
    "export": "bstkit.export",
    "hookimpl": "bstkit.hookspecs",
    "load_bundle": "bstkit.bundle.scorer",
    "load_features": "bstkit.config.features_file",
    "load_registry": "bstkit.registry",
    "load_run": "bstkit.artefact",
    "load_selection": "bstkit.config.resolve",
    "open_dataset": "bstkit.data.prepared.folder",
    "predict": "bstkit.predict",
    "prepare_dataset": "bstkit.data.prepared.job",
    "train": "bstkit.training",
    "verify": "bstkit.export",
    "verify_bundle": "bstkit.bundle.replay",
}


def __getattr__(name: str) -> Any:
    """Import a public name from the module that defines it (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module 'bstkit' has no attribute {name!r}")
    return getattr(import_module(_MODULES.get(name, "bstkit.errors")), name)


def __dir__() -> list[str]:
    return __all__


class _Package(ModuleType):
    """Keep `bstkit.compose` and `bstkit.export` functions: importing the submodules of those names would hide them."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _MODULES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
