"""Compare an ONNX file with the Keras model that it comes from, and fail closed."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import onnx_ir as ir

from bstkit.bundle.manifest import DATA_SET, Vector
from bstkit.bundle.measure import Measured
from bstkit.bundle.onnxruntime_engine import BESIDE, onnxruntime_ways
from bstkit.bundle.vectors import DataSet
from bstkit.compose import Composed
from bstkit.config.selection import ExportSettings, Tolerance
from bstkit.errors import VerificationError
from bstkit.export.assemble import assemble
from bstkit.export.assignment import count_copies
from bstkit.export.cases import Array, Case, Feeds, make_cases
from bstkit.export.checks import check_interface, read_model
from bstkit.export.compare import Mismatch, describe
from bstkit.export.contract import LOWEST, LOWEST_ONNXRUNTIME, count_operations
from bstkit.export.damage import find_damage
from bstkit.export.file_layers import compare_file_layers
from bstkit.export.held_out import HELD_OUT, held_out_quality, in_pieces
from bstkit.export.id_keys import Keys, keys_of
from bstkit.export.identity import package_versions
from bstkit.export.intake import Intake, sizes_of
from bstkit.export.layers import LayerDifference
from bstkit.export.parity import by_case, by_level, by_output
from bstkit.export.providers import check_names
from bstkit.export.raw_feeds import RawFeeds
from bstkit.export.raw_ids import changed_keys, takes_raw_ids
from bstkit.export.reference import Reference
from bstkit.export.report import Edge, Report
from bstkit.export.score_bins import ScoreBins, score_bins
from bstkit.export.score_histogram import score_histograms
from bstkit.export.targets import TARGETS, target_of
from bstkit.export.targets.edge_facts import edge_facts
from bstkit.export.targets.ort_file import ort_as_onnx
from bstkit.export.tolerance_reasons import is_looser, reason_of
from bstkit.inputs import BATCH

_MOST_LINES = 40
_MOST_PIECES = 8
"""Golden vectors of one case that a file of fixed shapes gets."""
_USUAL = "all"
"""The optimisation level of whoever sets none."""
_CHANGED = "the file was changed after it was exported, or is of other weights: export the run again"


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
        labels: task -> the labels of the held-out rows, NaN where one is not known.
    """

    composed: Composed
    samples: Mapping[str, Array] | None = None
    vocabularies: Mapping[str, Sequence[str]] | None = None
    labels: Mapping[str, Array] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.cases = make_cases(self.composed, self.samples)
        self.pieces = in_pieces(self.samples or {})
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
        intake = self._intake(model)
        check_interface(model, intake.inputs, self.composed.serving.output_names, intake.sizes)
        measured = Measured(self._data_sets(intake), self.tolerances)
        held_out = Measured(self._held_out(intake), self.tolerances)
        self.seconds["tensorflow"] = time.perf_counter() - start
        start = time.perf_counter()
        measured.run_all(path, onnxruntime_ways(providers))
        measured.run_beside(beside, BESIDE)
        held_out.run_all(path, onnxruntime_ways(providers, (_USUAL,)))
        self.seconds["onnxruntime"] = time.perf_counter() - start
        mismatches = measured.mismatches + held_out.mismatches
        if mismatches:
            raise self._failed(path, model, mismatches, intake, by_layer)
        if intake.raw_feeds is not None:
            self._check_keys({path: model, **{file: ort_as_onnx(file) for file in beside}})
        return self._report(path, model, measured, held_out, intake)

    def golden(self, path: Path) -> tuple[DataSet, ...]:
        """Every case as a written file takes it, each to be sent at once, with TensorFlow's scores.

        Of a case that a file of fixed shapes takes in many pieces, some are given, each a data set of its own.
        """
        intake = self._intake(read_model(path))
        if not intake.sizes:
            return self._data_sets(intake)
        found: list[DataSet] = []
        for case in self.cases:
            for number, piece in enumerate(intake.pieces(case.feeds)[:_MOST_PIECES]):
                name, rows = f"{case.name}_{number}", len(next(iter(piece.encoded.values())))
                vector = Vector(name=name, case=case.name, folder=f"{DATA_SET}{len(found)}", rows=rows)
                found.append(DataSet(vector, (piece.sent,), self.reference.score(piece.encoded)))
        return tuple(found)

    def _intake(self, model: ir.Model) -> Intake:
        raw = self.raw_feeds if takes_raw_ids(model) else None
        return Intake(self.composed, raw, sizes_of(model, self.composed))

    def _data_sets(self, intake: Intake) -> tuple[DataSet, ...]:
        """Every case as a file takes it, with TensorFlow's scores."""
        found: list[DataSet] = []

        def add(case: Case, feeds: Feeds, **twin: Any) -> None:
            name = f"{case.name}_twin" if twin else case.name
            rows = len(next(iter(feeds.values())))
            vector = Vector(name=name, case=case.name, folder=f"{DATA_SET}{len(found)}", rows=rows, **twin)
            pieces = tuple(piece.sent for piece in intake.pieces(feeds))
            found.append(DataSet(vector, pieces, self.reference.score(feeds)))

        for case in self.cases:
            add(case, case.feeds)
            if case.twin is not None:
                add(case, case.twin, twin=case.name, order=None if case.order is None else tuple(case.order.tolist()))
        return tuple(found)

    def _held_out(self, intake: Intake) -> tuple[DataSet, ...]:
        """The held-out rows as a file takes them, with TensorFlow's scores."""
        return tuple(
            DataSet(
                Vector(name=HELD_OUT, case=HELD_OUT, folder="", rows=len(next(iter(rows.values())))),
                tuple(piece.sent for piece in intake.pieces(rows)),
                self.reference.score(rows),
            )
            for rows in self.pieces
        )

    def check(self, model: ir.Model, providers: Sequence[str] = ("cpu",)) -> None:
        """Verify a model that is not written yet, for `run_passes`."""
        from bstkit.export.write import write_model

        with tempfile.TemporaryDirectory(prefix="bstkit-") as folder:
            path = Path(folder) / "model.onnx"
            write_model(model, path)
            self.verify(path, providers)

    def _check_keys(self, models: Mapping[Path, ir.Model]) -> None:
        """Compare every key of the vocabularies inside files; the cases read only some."""
        for path, model in models.items():
            changed = changed_keys(model, self.composed.inputs, self.keys)
            if changed:
                raise VerificationError("\n  ".join([f"{path.name} has other vocabularies:", *changed]), _CHANGED)

    def _failed(
        self, path: Path, model: ir.Model, mismatches: Sequence[Mismatch], intake: Intake, by_layer: bool
    ) -> VerificationError:
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
        return compare_file_layers(self.composed, path, piece.encoded, piece.sent.inputs)

    def _report(self, path: Path, model: ir.Model, measured: Measured, held_out: Measured, intake: Intake) -> Report:
        settings, defaults = self.composed.selection.export, ExportSettings()
        compared = measured.compared + held_out.compared
        opset = model.opset_imports[""]
        files = [path, *path.parent.glob(f"{path.name}.data")]
        return Report(
            recipe=self.composed.selection.recipe,
            target=target_of(model),
            opset=opset,
            ir_version=model.ir_version,
            lowest_onnxruntime=model.metadata_props.get(LOWEST, LOWEST_ONNXRUNTIME[opset]),
            bytes=sum(file.stat().st_size for file in files),
            operations=count_operations(model),
            outputs=by_output(compared, self.tolerances),
            runs=tuple(measured.runs),
            providers=measured.providers,
            tolerances=self.tolerances,
            why={name: reason_of(name, tolerance) for name, tolerance in self.tolerances.items()},
            loosened=is_looser(settings.probability, defaults.probability) or is_looser(settings.logit, defaults.logit),
            versions=package_versions(),
            seconds=dict(self.seconds),
            ids="encoded" if intake.raw_feeds is None else "raw",
            id_dtypes={spec.name: spec.dtype for spec in intake.inputs if spec.space is not None},
            by_case=by_case(compared, self.tolerances),
            by_level=by_level(compared, self.tolerances),
            assignment={provider: levels[_USUAL] for provider, levels in measured.nodes.items()},
            copies={
                provider: {level: count_copies(nodes) for level, nodes in levels.items()}
                for provider, levels in measured.nodes.items()
            },
            held_out=held_out_quality(held_out.compared, self.labels),
            scores=self._scores(),
            distributions=score_histograms(held_out.compared, self.composed.features.tasks),
            edge=self._edge(path, intake),
        )

    def _edge(self, path: Path, intake: Intake) -> Edge | None:
        if not intake.sizes:
            return None
        cut = [case.name for case in self.cases if intake.is_cut(case.feeds)]
        return edge_facts(path, intake.sizes, cut, package_versions()["onnxruntime"])

    def _scores(self) -> dict[str, ScoreBins]:
        """Where TensorFlow's probabilities lie, on the held-out rows, or else on generated ones."""
        scored = [self.reference.score(feeds) for feeds in self.pieces or (self.cases[0].feeds,)]
        return {
            task: score_bins(np.concatenate([one[task] for one in scored]), bool(self.pieces))
            for task in self.composed.features.tasks
        }


def _files_beside(path: Path, model: ir.Model) -> list[Path]:
    """What the target of a file puts beside it for ONNX Runtime to load."""
    files = [path.with_suffix(suffix) for suffix in TARGETS[target_of(model)].runs_beside]
    for file in files:
        if not file.is_file():
            raise VerificationError(f"{file} is missing beside {path.name}", "export the run again")
    return files
