"""The bundle of an export: made beside its place, verified there, and renamed when it is whole."""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import onnx_ir as ir

from bstkit.bundle.card import CARD, model_card
from bstkit.bundle.contract import Contract
from bstkit.bundle.cpp_project import write_cpp
from bstkit.bundle.integrity import files_of
from bstkit.bundle.manifest import (
    MANIFEST,
    MODEL,
    SCHEMA_VERSION,
    GraphFact,
    Identity,
    Manifest,
    Tolerance,
    VocabularyFact,
    file_fact,
)
from bstkit.bundle.replay import verify_bundle
from bstkit.bundle.vectors import DataSet, write_vectors
from bstkit.component import GraphPass
from bstkit.compose import Composed
from bstkit.config.features import FIRST_ID
from bstkit.config.selection import Tolerance as Allowed
from bstkit.data.vocabulary import VocabularyFolder, write_vocabulary
from bstkit.errors import ExportError
from bstkit.export.assemble import assemble
from bstkit.export.blame import broken_step_named
from bstkit.export.doc_strings import write_doc_strings
from bstkit.export.finite import check_finite
from bstkit.export.id_keys import Keys
from bstkit.export.identity import identity_of, licences_of, vocabulary_facts
from bstkit.export.metadata import state_facts
from bstkit.export.plugin_passes import PassRun, passes_run
from bstkit.export.providers import check_names
from bstkit.export.report import Report
from bstkit.export.run_facts import run_facts
from bstkit.export.stated_contract import contract_of
from bstkit.export.targets import TARGETS
from bstkit.export.verification import Verifier
from bstkit.export.write import write_model
from bstkit.staging import new_folder

REPORT = "report.json"


@dataclass(frozen=True)
class Source:
    """What goes into a bundle beside the model.

    Args:
        samples: held-out rows by input name, for the case `typical`; generated where None.
        vocabularies: id space -> keys as text, the first has id 2. Needed for raw ids; without them the bundle has no
            `vocab/`.
        provenance: the run's provenance.json; None where no run is behind the model.
        metrics: the run's metrics.json.
        labels: task -> the labels of the held-out rows, NaN where one is not known.
    """

    samples: Mapping[str, Any] | None = None
    vocabularies: Mapping[str, Sequence[str]] | None = None
    provenance: Mapping[str, Any] | None = field(default=None, repr=False)
    metrics: Mapping[str, Any] | None = field(default=None, repr=False)
    labels: Mapping[str, Any] | None = field(default=None, repr=False)


def export_folder(
    composed: Composed,
    folder: Path,
    providers: Sequence[str] = ("cpu",),
    source: Source | None = None,
    passes: Sequence[GraphPass] = (),
) -> Report:
    """Export into a new folder, as the model's `[export]` settings say; see `bstkit.export.export`."""
    source = source or Source()
    check_names(providers)
    with new_folder(folder) as partial:
        check_finite(composed.serving.variables)
        verifier = Verifier(composed, source.samples, source.vocabularies, source.labels or {})
        keys = verifier.keys if composed.selection.export.ids == "raw" else None
        target = TARGETS[composed.selection.export.target]
        assembled = functools.partial(assemble, composed, passes, keys=keys)
        check = functools.partial(verifier.check, providers=providers)
        with broken_step_named(lambda: assembled(check=check, check_each=True)):
            start = time.perf_counter()
            model, _ = assembled(check=verifier.check)
            stated = _state(model, composed, keys, verifier.tolerances, source, passes)
            converted = time.perf_counter()
            write_model(model, partial / MODEL)
            if target.write_beside is not None:
                target.write_beside(partial / MODEL)
            written = time.perf_counter()
            report = verifier.verify(partial / MODEL, providers)
        report = replace(
            report,
            seconds={"convert": converted - start, "write": written - converted, **report.seconds},
            run=run_facts(stated.identity, source.provenance, source.metrics, composed.selection.train.class_weight),
            licences=licences_of(composed, stated.identity),
            versions=stated.identity.versions,
            passes=stated.passes,
        )
        (partial / REPORT).write_text(json.dumps(report.to_json(), indent=2) + "\n", encoding="utf-8")
        _write_vocabularies(partial, stated.vocabularies, source)
        data_sets = verifier.golden(partial / MODEL)
        write_vectors(partial, stated.contract, data_sets)
        write_cpp(partial, stated.contract)
        _write_manifest(partial, stated, report, data_sets)
        verify_bundle(partial, providers, levels=("all",))  # what was written, as its readers will read it
    return report


@dataclass(frozen=True)
class _Stated:
    """What model and manifest say alike."""

    contract: Contract
    identity: Identity
    vocabularies: dict[str, VocabularyFact]
    tolerances: dict[str, Tolerance]
    passes: tuple[PassRun, ...]


def _state(
    model: ir.Model,
    composed: Composed,
    keys: Mapping[str, Keys] | None,
    tolerances: Mapping[str, Allowed],
    source: Source,
    passes: Sequence[GraphPass],
) -> _Stated:
    """Write the facts into a finished graph."""
    contract = contract_of(model, composed, keys)
    stated = _Stated(
        contract,
        identity_of(composed, source.provenance, passes),
        vocabulary_facts(composed.features, tuple(contract.spaces), source.vocabularies),
        {name: Tolerance(**one.model_dump()) for name, one in tolerances.items()},
        passes_run(passes),
    )
    state_facts(model, contract, stated.identity, stated.vocabularies, stated.tolerances, stated.passes)
    write_doc_strings(model, composed, keys)
    return stated


def _write_manifest(folder: Path, stated: _Stated, report: Report, data_sets: Sequence[DataSet]) -> None:
    """Write the model card and the manifest, which lists it; both last."""
    runs_beside = TARGETS[report.target].runs_beside
    manifest = Manifest(
        schema_version=SCHEMA_VERSION,
        contract_sha256=stated.contract.sha256,
        contract=stated.contract,
        identity=stated.identity,
        graph=GraphFact(
            target=report.target,
            opset=report.opset,
            ir_version=report.ir_version,
            lowest_onnxruntime=report.lowest_onnxruntime,
            operations=report.operations,
            runs_beside=tuple(f"{Path(MODEL).stem}{suffix}" for suffix in runs_beside),
        ),
        vocabularies=stated.vocabularies,
        tolerances=stated.tolerances,
        vectors=tuple(one.vector for one in data_sets),
        files={},
    )
    (folder / CARD).write_text(model_card(manifest, report.to_json()), encoding="utf-8")
    files = {name: file_fact(folder / name) for name in files_of(folder)}
    manifest = manifest.model_copy(update={"files": files})
    (folder / MANIFEST).write_text(manifest.to_json(), encoding="utf-8")


def _write_vocabularies(folder: Path, facts: Mapping[str, VocabularyFact], source: Source) -> None:
    """Write the vocabularies; those of a run are copied, however large they are.

    Raises:
        ExportError: one does not have as many keys as its table has rows.
    """
    written = {space: fact for space, fact in facts.items() if fact.file is not None}
    if source.vocabularies is None or not written:
        return
    (folder / "vocab").mkdir()
    for space, fact in written.items():
        path = folder / "vocab" / f"{space}.txt"
        if isinstance(source.vocabularies, VocabularyFolder):
            keys = source.vocabularies.copy(space, path)
        else:
            write_vocabulary(path, source.vocabularies[space])
            keys = len(source.vocabularies[space])
        if keys + FIRST_ID != fact.rows:
            raise ExportError(
                f"the vocabulary of id space '{space}' has {keys:,} keys, and its table {fact.rows:,} rows; it should "
                f"have {FIRST_ID} fewer",
                "give the vocabulary that the model was trained with",
            )
