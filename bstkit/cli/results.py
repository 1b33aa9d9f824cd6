"""Render what the commands made: a trained run, a verification report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from bstkit.bundle.manifest import DATA_SET
from bstkit.cli.render import print_json, print_pairs, print_table

_FIGURES = ("max |diff|", "mean |diff|", "max ULP", "atol", "scores")

if TYPE_CHECKING:
    from bstkit.artefact import Run
    from bstkit.build import Built
    from bstkit.bundle.replay import Replay
    from bstkit.config.selection import Tolerance
    from bstkit.export.held_out import HeldOut
    from bstkit.export.report import Difference, Report, Usability


def print_trained(run: Run, seconds: Mapping[str, float], json: bool) -> None:
    """Test metrics beside the baselines, seconds by stage, files."""
    if json:
        print_json({"run": str(run.folder), **run.metrics, "seconds": dict(seconds), "files": _files(run.folder)})
        return
    _print_metrics(run.metrics)
    _print_seconds(seconds)
    _print_files(run.folder)


def print_built(built: Built, json: bool) -> None:
    """What `print_trained` shows, and the verification report."""
    folder = built.run.folder
    if json:
        facts = {**built.run.metrics, "seconds": built.seconds, "export": built.report.to_json()}
        print_json({"run": str(folder), **facts, "files": _files(folder)})
        return
    _print_metrics(built.run.metrics)
    _print_report(built.report)
    _print_seconds(built.seconds)
    _print_files(folder)


def print_report(report: Report, folder: Path, json: bool) -> None:
    """A verification report alone."""
    if json:
        print_json({"folder": str(folder), **report.to_json()})
        return
    _print_report(report)
    typer.echo()
    print_pairs([("verified", folder)])


def _print_metrics(metrics: Mapping[str, Any]) -> None:
    print_pairs([("parameters", f"{metrics['parameters']:,}"), ("epochs", metrics["epochs"])])
    for task, found in metrics["test"].items():
        typer.echo()
        scored = {"model": found, **{name: by_task[task] for name, by_task in metrics["baselines"].items()}}
        rows = [(name, *(_number(one[key]) for key in ("auc", "gauc", "log_loss"))) for name, one in scored.items()]
        print_table((f"test: {task}", "AUC", "GAUC", "log loss"), rows)
        every = metrics["rows"]["test"]
        rows_scored = f"{found['rows']:,} test rows" if found["rows"] == every else _labelled(found["rows"], every)
        typer.echo(f"{rows_scored}; GAUC over {found['gauc_users']:,} users with both classes")


def _labelled(rows: int, every: int) -> str:
    """How many rows a task was scored on, where some lack its label."""
    return f"{rows:,} of {every:,} test rows have this label"


def _print_report(report: Report) -> None:
    typer.echo()
    rows = [(name, *_figures(one, report.tolerances[name])) for name, one in report.outputs.items()]
    print_table(("TensorFlow against ONNX Runtime", *_FIGURES), rows)
    print_pairs(
        (
            ("provider that ran", _ran(report.providers)),
            ("optimisation levels", _levels(run.level for run in report.runs)),
            ("cases", ", ".join(report.cases)),
            ("graph", f"{report.nodes} nodes, opset {report.opset}, ONNX Runtime {report.lowest_onnxruntime} or later"),
            ("ids", _ids(report)),
            *_edge(report),
            ("tolerances", "loosened in [export]" if report.loosened else ""),
            ("held-out rows", "; ".join(f"{task}: {_changes(one)}" for task, one in report.held_out.items())),
        )
    )


def print_replay(replay: Replay, folder: Path, json: bool) -> None:
    """What replaying a bundle's golden vectors gave."""
    manifest = replay.manifest
    if json:
        print_json({"folder": str(folder), **replay.to_json()})
        return
    rows = [(name, *_figures(one, replay.tolerances[name])) for name, one in replay.outputs.items()]
    print_table((f"golden vectors against {replay.engine}", *_FIGURES), rows)
    print_pairs(
        (
            ("files", f"{len(manifest.files)} as the manifest says"),
            ("contract", f"version {manifest.contract.version}, {manifest.contract_sha256[:12]}"),
            ("recipe", f"{manifest.identity.recipe}, exported by bstkit {manifest.identity.bstkit}"),
            ("provider that ran", _ran(replay.providers)),
            ("optimisation levels", _levels(run.level for run in replay.runs)),
            ("cases", ", ".join(dict.fromkeys(run.case for run in replay.runs))),
            ("verified", folder),
        )
    )


def _figures(one: Difference, tolerance: Tolerance) -> tuple[str, ...]:
    """What `_FIGURES` names."""
    return f"{one.max_abs:.1e}", f"{one.mean_abs:.1e}", f"{one.max_ulp:,}", f"{tolerance.atol:.0e}", f"{one.scores:,}"


def _changes(task: HeldOut) -> str:
    """What each provider changes of a task's quality."""
    return ", ".join(
        f"{provider} changes AUC by {_change(one.auc_change)}, log loss by {_change(one.log_loss_change)}"
        for provider, one in task.providers.items()
    )


def _change(value: float | None) -> str:
    return "-" if value is None else f"{value:.0e}"


def _ran(providers: Mapping[str, Mapping[str, Mapping[str, int]]]) -> str:
    """Which providers ran nodes, by the name that was asked for."""
    return "; ".join(
        f"{name} ({', '.join(sorted({runtime for by_level in levels.values() for runtime in by_level}))})"
        for name, levels in providers.items()
    )


def _levels(levels: Iterable[str]) -> str:
    return ", ".join(sorted(set(levels)))


def _ids(report: Report) -> str:
    """What the graph takes, and which input takes which dtype."""
    by_dtype: dict[str, list[str]] = {}
    for name, dtype in report.id_dtypes.items():
        by_dtype.setdefault(dtype, []).append(name)
    return f"{report.ids}: " + "; ".join(f"{dtype} {', '.join(names)}" for dtype, names in by_dtype.items())


def _edge(report: Report) -> list[tuple[str, str]]:
    """Of a file for devices: its shapes, the file beside it, and what accelerators make of it."""
    edge = report.edge
    if edge is None:
        return []
    sizes = ", ".join(f"{name} {number}" for name, number in edge.sizes.items())
    cut = f"; cut to the most recent steps: {', '.join(edge.cut)}" if edge.cut else ""
    ort = f"{edge.bytes:,} bytes, optimised to '{edge.level}', ONNX Runtime {edge.lowest_onnxruntime} or later"
    return [
        ("fixed shapes", sizes + cut),
        (edge.ort, ort),
        *((name, _usability(one)) for name, one in edge.usability.items()),
    ]


def _usability(one: Usability) -> str:
    """The verdict and its reasons in a line."""
    reasons = [f"runs {one.supported} of {one.nodes} nodes, in {one.partitions} partitions"]
    if one.unsupported:
        reasons.append(f"not {', '.join(one.unsupported)}")
    if one.dynamic:
        reasons.append(f"{one.dynamic} nodes have no fixed shape")
    if one.rank:
        reasons.append(f"{one.rank} nodes have too many dimensions")
    return f"{one.verdict}: {'; '.join(reasons)}"


def _print_seconds(seconds: Mapping[str, float]) -> None:
    typer.echo()
    print_table(
        ("stage", "seconds"),
        [*((name, f"{s:.1f}") for name, s in seconds.items()), ("all", f"{sum(seconds.values()):.1f}")],
    )


def _print_files(folder: Path) -> None:
    """Every file, but one row for all golden vectors, and one for the C++ consumer."""
    shown: dict[str, int] = {}
    for name, size in _files(folder).items():
        row = name
        for many in (DATA_SET, "cpp/"):
            head, found, _ = name.partition(f"/{many}")
            row = f"{head}/{many}*" if found else row
        shown[row] = shown.get(row, 0) + size
    typer.echo()
    print_table(("file", "bytes"), [(name, f"{size:,}") for name, size in shown.items()])


def _files(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_size for path in sorted(folder.rglob("*")) if path.is_file()}


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
