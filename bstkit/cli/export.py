"""`export` and `verify`: from a run to ONNX, and the proof that it gives the same numbers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import typer

from bstkit.cli.options import EdgeBatchOption, IdsOption, JsonOption, ProviderOption, TargetOption

RunArgument = Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.")]


def add_commands(app: typer.Typer) -> None:
    """Add this module's commands to the program."""
    app.command("export")(export_model)
    app.command("verify")(verify_export)


def export_model(
    run: RunArgument,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FOLDER", help="The folder to make; RUN/bundle by default.")
    ] = None,
    provider: ProviderOption = None,
    target: TargetOption = None,
    edge_batch: EdgeBatchOption = None,
    ids: IdsOption = None,
    json: JsonOption = False,
) -> None:
    """Export a run to ONNX and verify the export; nothing is left behind that did not verify."""
    from bstkit.artefact import load_run
    from bstkit.build import export_run
    from bstkit.cli.progress import heavy_job
    from bstkit.cli.results import print_report

    opened = load_run(run)
    opened.check_components()  # a missing plugin is answered before the slow import
    with heavy_job() as progress:
        report = export_run(
            opened,
            out,
            providers=provider or ("cpu",),
            target=target,
            edge_batch=edge_batch,
            ids=ids,
            progress=progress,
        )
    print_report(report, out or opened.bundle, json)


def verify_export(
    folder: Annotated[Path, typer.Argument(metavar="RUN|BUNDLE", help="A run folder, or a bundle.")],
    model: Annotated[
        Path | None, typer.Option("--model", metavar="ONNX", help="The file to check; a run's own export by default.")
    ] = None,
    provider: ProviderOption = None,
    by_layer: Annotated[
        bool, typer.Option("--by-layer", help="Also compare every layer of a run, and name the first that differs.")
    ] = False,
    engine: Annotated[
        Literal["onnxruntime", "openvino"],
        typer.Option("--engine", help="What replays a bundle's golden vectors; OpenVINO is an extra to install."),
    ] = "onnxruntime",
    json: JsonOption = False,
) -> None:
    """Compare a run's exported model with TensorFlow, or replay a bundle's golden vectors without TensorFlow."""
    from bstkit.bundle.manifest import is_bundle

    if is_bundle(folder):
        if model is not None or by_layer:
            raise typer.BadParameter("a bundle has no TensorFlow model to compare with; give its run folder instead")
        _verify_bundle(folder, provider, engine, json)
    else:
        if engine != "onnxruntime":
            raise typer.BadParameter("another engine replays a bundle; give RUN/bundle instead of its run")
        _verify_run(folder, model, provider or ("cpu",), by_layer, json)


def _verify_bundle(folder: Path, providers: Sequence[str] | None, engine: str, json: bool) -> None:
    from bstkit.cli.progress import job
    from bstkit.cli.results import print_replay

    if engine == "openvino":
        if providers:
            raise typer.BadParameter("execution providers are ONNX Runtime's; OpenVINO runs on its own CPU plugin")
        from bstkit.bundle.openvino_engine import verify_in_openvino as verify
    else:
        from bstkit.bundle.replay import verify_bundle

        verify = partial(verify_bundle, providers=providers or ("cpu",))
    with job() as progress, progress.stage("verify"):
        replay = verify(folder)
    print_replay(replay, folder, json)


def _verify_run(folder: Path, model: Path | None, providers: Sequence[str], by_layer: bool, json: bool) -> None:
    from bstkit.artefact import load_run
    from bstkit.build import verify_run
    from bstkit.cli.progress import heavy_job
    from bstkit.cli.results import print_report

    opened = load_run(folder)
    path = model or opened.model
    opened.check_components()  # a missing plugin is answered before the slow import
    with heavy_job() as progress:
        report = verify_run(opened, path, providers=providers, by_layer=by_layer, progress=progress)
    print_report(report, path, json)
