"""`build`: train, export, verify, in one go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from bstkit.artefact import Run
from bstkit.config.features import Features
from bstkit.config.selection import Selection
from bstkit.export import TargetName
from bstkit.progress import Progress

if TYPE_CHECKING:
    from bstkit.export.report import Report


@dataclass(frozen=True)
class Built:
    """What `build` made.

    Args:
        run: the run, with its export in `run.bundle`.
        report: the verification report of the export.
        seconds: stage -> seconds, in order.
    """

    run: Run
    report: Report
    seconds: dict[str, float]


def build(
    selection: Selection,
    folder: Path | str,
    *,
    data: Path | str | None = None,
    features: Features | None = None,
    init_from: Run | Path | str | None = None,
    providers: Sequence[str] = ("cpu",),
    tensorboard: Path | str | None = None,
    progress: Progress | None = None,
    resume: bool = False,
) -> Built:
    """Train a model, export it to ONNX and verify the export.

    Args:
        selection: from `load_selection`.
        folder: the run folder to make; it must not exist. When the export fails the run stays, without a bundle.
        data: a log. Defaults to the embedded click log.
        features: what the log's columns mean. Defaults to the file that goes with `data`.
        init_from: a run, whose weights the model starts with.
        providers: execution providers to verify, `"cpu"`, `"cuda"` or `"tensorrt"`.
        tensorboard: a folder for TensorBoard, as for `train`.
        progress: told about the stages.
        resume: go on from the last checkpoint, as `train` does; of a finished run only the export is made, as its own
            `[export]` says.

    Raises:
        VerificationError: ONNX Runtime does not give TensorFlow's numbers.
        RunError: with `resume`, the run has a bundle already; or as `train` says.
        BstkitError: anything else went wrong; the message says what.
    """
    from bstkit.export.providers import check_names
    from bstkit.training import train

    progress = progress or Progress()
    check_names(providers)  # before minutes of training, not after
    run = train(
        selection,
        folder,
        data=data,
        features=features,
        init_from=init_from,
        tensorboard=tensorboard,
        progress=progress,
        resume=resume,
    )
    report = export_run(run, providers=providers, progress=progress)
    return Built(run, report, dict(progress.seconds))


def export_run(
    run: Run,
    folder: Path | None = None,
    *,
    providers: Sequence[str] = ("cpu",),
    target: TargetName | None = None,
    edge_batch: int | None = None,
    ids: Literal["encoded", "raw"] | None = None,
    progress: Progress | None = None,
) -> Report:
    """Export a run to ONNX and verify the export.

    Args:
        run: from `load_run`.
        folder: where the bundle goes; it must not exist. Defaults to the run's own `bundle`.
        providers: execution providers to verify.
        target: `"portable"`, `"onnxruntime"` or `"edge"`. Defaults to what `[export]` said when the run was trained.
        edge_batch: rows that a file of the target `"edge"` scores at once. Defaults likewise.
        ids: `"encoded"` or `"raw"`. Defaults to what `[export]` said when the run was trained.
        progress: told about the stages.
    """
    from bstkit.export import export
    from bstkit.export.id_keys import check_no_hash
    from bstkit.export.plugin_passes import plugin_passes
    from bstkit.report import write_report

    if (ids or run.selection.export.ids) == "raw":
        check_no_hash(run.features)  # before the model is made again
    progress = progress or Progress()
    passes = plugin_passes(run.registry.plugins)
    with progress.stage("export and verify"):
        report = export(
            run.composed,
            folder or run.bundle,
            providers=providers,
            samples=run.heldout,
            passes=passes,
            target=target,
            edge_batch=edge_batch,
            ids=ids,
            vocabularies=run.vocabularies,
            provenance=run.provenance,
            metrics=run.metrics,
            labels=run.heldout_labels,
        )
    if folder is None or folder.resolve() == run.bundle.resolve():
        write_report(run.folder)  # which shows the run's own bundle
    return report


def verify_run(
    run: Run,
    model: Path | None = None,
    *,
    providers: Sequence[str] = ("cpu",),
    by_layer: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Compare an exported file with a run's TensorFlow model.

    Args:
        run: from `load_run`.
        model: the file. Defaults to the run's own export.
        providers: execution providers to verify.
        by_layer: where the numbers differ, list how far each layer is apart.
        progress: told about the stages.
    """
    from bstkit.export import verify

    with (progress or Progress()).stage("verify"):
        return verify(
            run.composed,
            model or run.model,
            providers=providers,
            samples=run.heldout,
            by_layer=by_layer,
            vocabularies=run.vocabularies,
            labels=run.heldout_labels,
        )
