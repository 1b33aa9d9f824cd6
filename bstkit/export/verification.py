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

from bstkit.bundle.manifest import Vector
from bstkit.bundle.measure import Measured
from bstkit.bundle.onnxruntime_engine import onnxruntime_ways
from bstkit.bundle.vectors import DataSet
from bstkit.compose import Composed
from bstkit.config.selection import ExportSettings, Tolerance
from bstkit.errors import VerificationError
from bstkit.export.assemble import assemble
from bstkit.export.assignment import count_copies
from bstkit.export.cases import Array, Case, Feeds, make_cases
from bstkit.export.checks import check_interface, read_model
from bstkit.export.compare import Mismatch, describe
from bstkit.export.contract import LOWEST_ONNXRUNTIME, count_operations
from bstkit.export.damage import find_damage
from bstkit.export.file_layers import compare_file_layers
from bstkit.export.held_out import HELD_OUT, held_out_quality, in_pieces
from bstkit.export.id_keys import Keys, keys_of, raw_inputs
from bstkit.export.identity import package_versions
from bstkit.export.layers import LayerDifference
from bstkit.export.parity import by_case, by_level, by_output
from bstkit.export.providers import check_names
from bstkit.export.raw_feeds import RawFeeds
from bstkit.export.raw_ids import changed_keys, takes_raw_ids
from bstkit.export.reference import Reference
from bstkit.export.report import Report
from bstkit.export.score_bins import ScoreBins, score_bins
from bstkit.export.targets import target_of
from bstkit.export.tolerance_reasons import is_looser, reason_of
from bstkit.inputs import InputSpec

_MOST_LINES = 40
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

        Raises:
            VerificationError: something differs; every mismatch is listed.
            ExportError: the file takes raw ids, and a vocabulary is missing or not of this model.
            ProviderError: a provider is unknown or did not run.
        """
        check_names(providers)
        start = time.perf_counter()
        model = read_model(path)
        raw = takes_raw_ids(model)
        check_interface(model, self._inputs(raw), self.composed.serving.output_names)
        measured = Measured(self.data_sets(raw), self.tolerances)
        held_out = Measured(self.held_out(raw), self.tolerances)
        self.seconds["tensorflow"] = time.perf_counter() - start
        start = time.perf_counter()
        measured.run_all(path, onnxruntime_ways(providers))
        held_out.run_all(path, onnxruntime_ways(providers, (_USUAL,)))
        self.seconds["onnxruntime"] = time.perf_counter() - start
        mismatches = measured.mismatches + held_out.mismatches
        if mismatches:
            raise self._failed(path, model, mismatches, by_layer)
        changed = changed_keys(model, self.composed.inputs, self.keys) if raw else []
        if changed:
            raise VerificationError("\n  ".join(["the file has other vocabularies:", *changed]), _CHANGED)
        return self._report(path, model, measured, held_out)

    def data_sets(self, raw: bool) -> tuple[DataSet, ...]:
        """Every case as a file takes it, with the scores that TensorFlow gives it.

        Args:
            raw: the file takes raw ids.
        """
        found: list[DataSet] = []

        def add(case: Case, feeds: Feeds, **twin: Any) -> None:
            name = f"{case.name}_twin" if twin else case.name
            rows = len(next(iter(feeds.values())))
            vector = Vector(name=name, case=case.name, folder=f"test_data_set_{len(found)}", rows=rows, **twin)
            given = self.raw_feeds.convert(feeds) if raw else feeds
            found.append(DataSet(vector, given, self.reference.score(feeds)))

        for case in self.cases:
            add(case, case.feeds)
            if case.twin is not None:
                add(case, case.twin, twin=case.name, order=None if case.order is None else tuple(case.order.tolist()))
        return tuple(found)

    def held_out(self, raw: bool) -> tuple[DataSet, ...]:
        """The held-out rows as a file takes them, in pieces, with the scores that TensorFlow gives them."""
        return tuple(
            DataSet(
                Vector(name=HELD_OUT, case=HELD_OUT, folder="", rows=len(next(iter(piece.values())))),
                self.raw_feeds.convert(piece) if raw else piece,
                self.reference.score(piece),
            )
            for piece in self.pieces
        )

    def check(self, model: ir.Model) -> None:
        """Verify a model that is not written yet, on CPU, for `run_passes`."""
        from bstkit.export.write import write_model

        with tempfile.TemporaryDirectory(prefix="bstkit-") as folder:
            path = Path(folder) / "model.onnx"
            write_model(model, path)
            self.verify(path)

    def _inputs(self, raw: bool) -> tuple[InputSpec, ...]:
        return raw_inputs(self.composed.inputs, self.keys) if raw else self.composed.inputs

    def _failed(self, path: Path, model: ir.Model, mismatches: list[Mismatch], by_layer: bool) -> VerificationError:
        lines = describe(mismatches)
        readable = not any(mismatch.case == "" for mismatch in mismatches)
        as_exported = self.composed.with_export("the file", target=target_of(model), opset=model.opset_imports[""])
        fresh, _ = assemble(as_exported, keys=self.keys if takes_raw_ids(model) else None)
        damage = find_damage(model, fresh)
        hint = "`bstkit verify RUN --by-layer` finds the first layer that differs"
        if damage:
            lines += ["the file is not what this model exports:", *(f"  {line}" for line in damage[:_MOST_LINES])]
            hint = _CHANGED
        elif by_layer:
            hint = "correct the layer that differs first: its `to_onnx`, or the operations in its `call`"
        if by_layer and readable:
            lines += [line.describe() for line in self._layers(path, takes_raw_ids(model))]
        return VerificationError("\n".join(lines), hint)

    def _layers(self, path: Path, raw: bool) -> list[LayerDifference]:
        """Compare the layers of the file on the case `typical`."""
        feeds = self.cases[0].feeds
        return compare_file_layers(self.composed, path, feeds, self.raw_feeds.convert(feeds) if raw else feeds)

    def _report(self, path: Path, model: ir.Model, measured: Measured, held_out: Measured) -> Report:
        settings, defaults = self.composed.selection.export, ExportSettings()
        compared = measured.compared + held_out.compared
        opset = model.opset_imports[""]
        raw = takes_raw_ids(model)
        files = [path, *path.parent.glob(f"{path.name}.data")]
        return Report(
            recipe=self.composed.selection.recipe,
            target=target_of(model),
            opset=opset,
            ir_version=model.ir_version,
            lowest_onnxruntime=LOWEST_ONNXRUNTIME[opset],
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
            ids="raw" if raw else "encoded",
            id_dtypes={spec.name: spec.dtype for spec in self._inputs(raw) if spec.space is not None},
            by_case=by_case(compared, self.tolerances),
            by_level=by_level(compared, self.tolerances),
            assignment={provider: levels[_USUAL] for provider, levels in measured.nodes.items()},
            copies={
                provider: {level: count_copies(nodes) for level, nodes in levels.items()}
                for provider, levels in measured.nodes.items()
            },
            held_out=held_out_quality(held_out.compared, self.labels),
            scores=self._scores(),
        )

    def _scores(self) -> dict[str, ScoreBins]:
        """Where TensorFlow's probabilities lie, on the held-out rows, or else on generated ones."""
        scored = [self.reference.score(feeds) for feeds in self.pieces or (self.cases[0].feeds,)]
        return {
            task: score_bins(np.concatenate([one[task] for one in scored]), bool(self.pieces))
            for task in self.composed.features.tasks
        }
