"""Compare an ONNX file with the Keras model that it comes from, and fail closed."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import onnx_ir as ir

from bstkit.compose import Composed
from bstkit.config.selection import ExportSettings, Tolerance
from bstkit.errors import ProviderError, VerificationError
from bstkit.export.assemble import assemble
from bstkit.export.cases import Array, Case, Feeds, make_cases
from bstkit.export.checks import check_interface, read_model
from bstkit.export.compare import Mismatch, breach, summarise
from bstkit.export.contract import LOWEST, LOWEST_ONNXRUNTIME, count_operations
from bstkit.export.damage import find_damage
from bstkit.export.file_layers import compare_file_layers
from bstkit.export.id_keys import Keys, keys_of, raw_inputs
from bstkit.export.layers import LayerDifference
from bstkit.export.providers import LEVELS, check_names, make_session, nodes_by_provider
from bstkit.export.raw_feeds import RawFeeds
from bstkit.export.raw_ids import changed_keys, takes_raw_ids
from bstkit.export.reference import Reference
from bstkit.export.report import Report, Run
from bstkit.export.targets import target_of
from bstkit.inputs import InputSpec
from bstkit.version import __version__

_PACKAGES = ("tensorflow", "keras", "tf2onnx", "onnx", "onnx-ir", "numpy")
_MOST_LINES = 40
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
        for case in self.cases:
            for feeds in (case.feeds, case.twin):
                if feeds is not None:
                    self.reference.score(feeds)
        self.seconds["tensorflow"] = time.perf_counter() - start
        start = time.perf_counter()
        measured = _Measured(self, raw)
        with tempfile.TemporaryDirectory(prefix="bstkit-") as scratch:
            for provider in providers:
                for level in LEVELS:
                    measured.run(path, provider, level, Path(scratch))
        self.seconds["onnxruntime"] = time.perf_counter() - start
        if measured.mismatches:
            raise self._failed(path, model, measured.mismatches, by_layer)
        changed = changed_keys(model, self.composed.inputs, self.keys) if raw else []
        if changed:
            raise VerificationError("\n  ".join(["the file has other vocabularies:", *changed]), _CHANGED)
        return self._report(path, model, measured)

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

    def _report(self, path: Path, model: ir.Model, measured: _Measured) -> Report:
        settings, defaults = self.composed.selection.export, ExportSettings()
        opset = model.opset_imports[""]
        raw = takes_raw_ids(model)
        files = [path, *path.parent.glob(f"{path.name}.data")]
        return Report(
            recipe=self.composed.selection.recipe,
            target=target_of(model),
            opset=opset,
            ir_version=model.ir_version,
            lowest_onnxruntime=model.metadata_props.get(LOWEST, LOWEST_ONNXRUNTIME[opset]),
            bytes=sum(file.stat().st_size for file in files),
            operations=count_operations(model),
            outputs={name: summarise(pairs, self.tolerances[name].atol) for name, pairs in measured.pairs.items()},
            runs=tuple(measured.runs),
            providers=measured.providers,
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
            ids="raw" if raw else "encoded",
            id_dtypes={spec.name: spec.dtype for spec in self._inputs(raw) if spec.space is not None},
        )


class _Measured:
    """Collects what the runs of one file gave."""

    def __init__(self, verifier: Verifier, raw: bool) -> None:
        self._verifier = verifier
        self._raw = raw
        self.mismatches: list[Mismatch] = []
        self.runs: list[Run] = []
        self.pairs: dict[str, list[tuple[Array, Array]]] = {name: [] for name in verifier.tolerances}
        self.providers: dict[str, dict[str, dict[str, int]]] = {}

    def run(self, path: Path, provider: str, level: str, scratch: Path) -> None:
        """Score every case on one provider at one level."""
        try:
            session = make_session(path, provider, level, scratch / "profile")
        except ProviderError:
            raise
        except Exception as error:  # noqa: BLE001  # ONNX Runtime raises types of its own; each is a mismatch to be listed
            self.mismatches.append(Mismatch("", "", provider, level, f"ONNX Runtime cannot load the model: {error}"))
            return
        for number, case in enumerate(self._verifier.cases):
            scored = self._score(session, case, provider, level)
            if number == 0 and scored is not None:
                self.providers.setdefault(provider, {})[level] = nodes_by_provider(session, provider)

    def _score(self, session: Any, case: Case, provider: str, level: str) -> dict[str, Array] | None:
        """Score a case and its twin, compare both with TensorFlow and with each other."""
        scores = self._against_tensorflow(session, case.name, case.feeds, provider, level)
        if scores is None or case.twin is None:
            return scores
        twin = self._against_tensorflow(session, case.name, case.twin, provider, level)
        if twin is not None:
            for output, tolerance in self._verifier.tolerances.items():
                what = breach(twin[output], scores[output][case.order], tolerance)
                if what is not None:
                    self.mismatches.append(
                        Mismatch(output, case.name, provider, level, f"its two data sets differ: {what}")
                    )
        return scores

    def _against_tensorflow(
        self, session: Any, name: str, feeds: Feeds, provider: str, level: str
    ) -> dict[str, Array] | None:
        expected = self._verifier.reference.score(feeds)
        outputs = list(self._verifier.tolerances)
        given = self._verifier.raw_feeds.convert(feeds) if self._raw else feeds
        try:
            scores = dict(zip(outputs, session.run(outputs, given), strict=True))
        except Exception as error:  # noqa: BLE001  # ONNX Runtime raises types of its own; each is a mismatch to be listed
            self.mismatches.append(Mismatch("", name, provider, level, f"ONNX Runtime failed: {error}"))
            return None
        max_abs = {}
        for output, tolerance in self._verifier.tolerances.items():
            what = breach(scores[output], expected[output], tolerance)
            if what is not None:
                self.mismatches.append(Mismatch(output, name, provider, level, what))
                continue
            self.pairs[output].append((scores[output], expected[output]))
            max_abs[output] = float(abs(scores[output] - expected[output]).max(initial=0.0))
        self.runs.append(Run(name, provider, level, max_abs))
        return scores


def describe(mismatches: Sequence[Mismatch]) -> list[str]:
    """One line for each output and case, the first level's numbers, and at which levels."""
    grouped: dict[tuple[str, str, str], list[Mismatch]] = {}
    for mismatch in mismatches:
        grouped.setdefault((mismatch.output, mismatch.case, mismatch.provider), []).append(mismatch)
    lines = []
    for (output, case, provider), group in grouped.items():
        where = ", ".join([f"output '{output}'"] * bool(output) + [f"case '{case}'"] * bool(case))
        levels = ", ".join(dict.fromkeys(mismatch.level for mismatch in group))
        lines.append(f"{where}{', ' if where else ''}{group[0].what} [{provider}: {levels}]")
    head = "ONNX Runtime and TensorFlow differ: "
    if len(lines) == 1:
        return [head + lines[0]]
    more = [f"  and {len(lines) - _MOST_LINES} more"] if len(lines) > _MOST_LINES else []
    return [head.rstrip(), *(f"  {line}" for line in lines[:_MOST_LINES]), *more]


def _runtime_version() -> str:
    import onnxruntime

    return str(onnxruntime.__version__)
