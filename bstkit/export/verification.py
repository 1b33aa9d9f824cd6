"""Compare an ONNX file with the Keras model that it comes from, and fail closed."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

import onnx_ir as ir

from bstkit.compose import Composed
from bstkit.config.selection import ExportSettings, Tolerance
from bstkit.errors import VerificationError
from bstkit.export.assemble import assemble
from bstkit.export.cases import Array, make_cases
from bstkit.export.checks import check_interface, read_model
from bstkit.export.compare import describe, summarise
from bstkit.export.contract import LOWEST_ONNXRUNTIME, count_operations
from bstkit.export.damage import find_damage
from bstkit.export.file_layers import compare_file_layers
from bstkit.export.id_keys import Keys, keys_of
from bstkit.export.intake import Intake, sizes_of
from bstkit.export.layers import LayerDifference
from bstkit.export.measured import Measured
from bstkit.export.providers import LEVELS, check_names
from bstkit.export.raw_feeds import RawFeeds
from bstkit.export.raw_ids import changed_keys, takes_raw_ids
from bstkit.export.reference import Reference
from bstkit.export.report import Edge, Report
from bstkit.export.targets import TARGETS, target_of
from bstkit.export.targets.edge_facts import edge_facts
from bstkit.export.targets.ort_file import ort_as_onnx
from bstkit.inputs import BATCH
from bstkit.version import __version__

_PACKAGES = ("tensorflow", "keras", "tf2onnx", "onnx", "onnx-ir", "numpy")
_MOST_LINES = 40
_CHANGED = "the file was changed after it was exported, or is of other weights: export the run again"
_BESIDE = ("cpu", "all")
"""Where files beside the model run: they are for devices, and were optimised when they were written."""


def tolerances(composed: Composed) -> dict[str, Tolerance]:
    """Output -> what may differ."""
    settings = composed.selection.export
    return {
        name: settings.logit if name.endswith("_logit") else settings.probability
        for name in composed.serving.output_names
    }


@dataclass
class Verifier:
    """Verifies files against one model; TensorFlow scores each case once for all of them.

    Args:
        composed: the model.
        samples: held-out rows by input name, for the case `typical`; generated where None.
        vocabularies: id space -> keys as text, the first has id 2; read for a file that takes raw ids.
    """

    composed: Composed
    samples: Mapping[str, Array] | None = None
    vocabularies: Mapping[str, Sequence[str]] | None = None
    seconds: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.cases = make_cases(self.composed, self.samples)
        self.reference = Reference(self.composed)
        self.tolerances = tolerances(self.composed)

    @cached_property
    def keys(self) -> dict[str, Keys]:
        """Id space -> the keys that a raw id of it may be."""
        return keys_of(self.composed, self.vocabularies or {})

    @cached_property
    def raw_feeds(self) -> RawFeeds:
        """Turns the cases into raw ids."""
        return RawFeeds(self.composed.inputs, self.keys)

    def verify(self, path: Path, providers: Sequence[str] = ("cpu",), by_layer: bool = False) -> Report:
        """Check a file: readable, names, dtypes, dimensions, then every case on every provider at every level.

        The files that its target puts beside it are run on every case, too.

        Raises:
            VerificationError: something differs; every mismatch is listed.
            ExportError: the file takes raw ids, and a vocabulary is missing or not of this model.
            ProviderError: a provider is unknown or did not run.
        """
        check_names(providers)
        start = time.perf_counter()
        model = read_model(path)
        beside = _files_beside(path, model)
        raw = takes_raw_ids(model)
        intake = Intake(self.composed, self.raw_feeds if raw else None, sizes_of(model, self.composed))
        check_interface(model, intake.inputs, self.composed.serving.output_names, intake.sizes)
        for case in self.cases:
            for feeds in (case.feeds, case.twin):
                if feeds is not None:
                    self.reference.score(feeds)
        self.seconds["tensorflow"] = time.perf_counter() - start
        start = time.perf_counter()
        measured = Measured(self.cases, self.reference.score, self.tolerances, intake)
        ran: dict[str, dict[str, dict[str, int]]] = {provider: {} for provider in providers}
        with tempfile.TemporaryDirectory(prefix="bstkit-") as scratch:
            for provider in providers:
                for level in LEVELS:
                    ran[provider][level] = measured.run(path, provider, level, Path(scratch))
            for file in beside:
                measured.run(file, *_BESIDE, Path(scratch))
        self.seconds["onnxruntime"] = time.perf_counter() - start
        if measured.mismatches:
            raise self._failed(path, model, measured, by_layer)
        if raw:
            self._check_keys({path: model, **{file: ort_as_onnx(file) for file in beside}})
        return self._report(path, model, measured, ran)

    def check(self, model: ir.Model) -> None:
        """Verify a model that is not written yet, on CPU, for `run_passes`."""
        from bstkit.export.write import write_model

        with tempfile.TemporaryDirectory(prefix="bstkit-") as folder:
            path = Path(folder) / "model.onnx"
            write_model(model, path)
            self.verify(path)

    def _check_keys(self, models: Mapping[Path, ir.Model]) -> None:
        """Compare every key of the vocabularies inside files; the cases read only some."""
        for path, model in models.items():
            changed = changed_keys(model, self.composed.inputs, self.keys)
            if changed:
                raise VerificationError("\n  ".join([f"{path.name} has other vocabularies:", *changed]), _CHANGED)

    def _failed(self, path: Path, model: ir.Model, measured: Measured, by_layer: bool) -> VerificationError:
        mismatches, intake = measured.mismatches, measured.intake
        lines = describe(mismatches)
        readable = not any(mismatch.case == "" for mismatch in mismatches)
        as_exported = self.composed.with_export(
            "the file",
            target=target_of(model),
            opset=model.opset_imports[""],
            edge_batch=intake.sizes.get(BATCH),
        )
        fresh, _ = assemble(as_exported, keys=None if intake.raw_feeds is None else self.keys)
        damage = find_damage(model, fresh)
        hint = "`bstkit verify RUN --by-layer` finds the first layer that differs"
        if damage:
            lines += ["the file is not what this model exports:", *(f"  {line}" for line in damage[:_MOST_LINES])]
            hint = _CHANGED
        elif not any(mismatch.file == path.name for mismatch in mismatches):
            lines += [f"{path.name} is right, what lies beside it is not"]
            hint = _CHANGED
        elif by_layer:
            hint = "correct the layer that differs first: its `to_onnx`, or the operations in its `call`"
        if by_layer and readable:
            lines += [line.describe() for line in self._layers(path, intake)]
        return VerificationError("\n".join(lines), hint)

    def _layers(self, path: Path, intake: Intake) -> list[LayerDifference]:
        """Compare the layers of the file on the case `typical`, on as much of it as the file takes at once."""
        piece = intake.pieces(self.cases[0].feeds)[0]
        return compare_file_layers(self.composed, path, piece.encoded, piece.given)

    def _report(
        self, path: Path, model: ir.Model, measured: Measured, ran: dict[str, dict[str, dict[str, int]]]
    ) -> Report:
        settings, defaults = self.composed.selection.export, ExportSettings()
        opset = model.opset_imports[""]
        intake = measured.intake
        files = [path, *path.parent.glob(f"{path.name}.data")]
        return Report(
            recipe=self.composed.selection.recipe,
            target=target_of(model),
            opset=opset,
            ir_version=model.ir_version,
            lowest_onnxruntime=LOWEST_ONNXRUNTIME[opset],
            bytes=sum(file.stat().st_size for file in files),
            operations=count_operations(model),
            outputs={name: summarise(pairs, self.tolerances[name].atol) for name, pairs in measured.pairs.items()},
            runs=tuple(measured.runs),
            providers=ran,
            tolerances=self.tolerances,
            loosened=any(
                ours.atol > theirs.atol or ours.rtol > theirs.rtol
                for ours, theirs in ((settings.probability, defaults.probability), (settings.logit, defaults.logit))
            ),
            versions={
                "bstkit": __version__,
                **{name: version(name) for name in _PACKAGES},
                "onnxruntime": _runtime_version(),
            },
            seconds=dict(self.seconds),
            ids="encoded" if intake.raw_feeds is None else "raw",
            id_dtypes={spec.name: spec.dtype for spec in intake.inputs if spec.space is not None},
            edge=self._edge(path, intake),
        )

    def _edge(self, path: Path, intake: Intake) -> Edge | None:
        if not intake.sizes:
            return None
        cut = [case.name for case in self.cases if intake.is_cut(case.feeds)]
        return edge_facts(path, intake.sizes, cut, _runtime_version())


def _files_beside(path: Path, model: ir.Model) -> list[Path]:
    """What the target of a file puts beside it for ONNX Runtime to load."""
    files = [path.with_suffix(suffix) for suffix in TARGETS[target_of(model)].runs_beside]
    for file in files:
        if not file.is_file():
            raise VerificationError(f"{file} is missing beside {path.name}", "export the run again")
    return files


def _runtime_version() -> str:
    import onnxruntime

    return str(onnxruntime.__version__)
