"""The proof: how far ONNX Runtime is from TensorFlow, and what ran."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bstkit.bundle.card.markdown import code, listed, section, share, small, table
from bstkit.bundle.manifest import Manifest

Report = Mapping[str, Any]

_FIGURES = ("max abs", "mean abs", "p99 abs", "max rel", "max ULP", "NaN", "Inf", "ranking")
_LEGEND = (
    "abs: |ONNX Runtime - TensorFlow|; rel: the same over |TensorFlow|; ULP: float32 steps between the two, many near "
    "zero; ranking: of the pairs of rows that TensorFlow holds apart, be it in the last bit, the share that ONNX "
    "Runtime puts into the same order, ties counting half. Where all rows of a case mean the same, that is noise."
)


def parity_section(manifest: Manifest, report: Report) -> str:
    """Tolerances with their reasons, figures by output, by provider and level, and by case."""
    outputs = [(code(name), f"{one['scores']:,}", *_figures(one)) for name, one in report["outputs"].items()]
    levels = [
        (code(provider), level, code(output), *_figures(one))
        for provider, by_level in report["by_level"].items()
        for level, by_output in by_level.items()
        for output, one in by_output.items()
    ]
    cases = [
        (code(case), code(output), *_figures(one))
        for case, by_output in report["by_case"].items()
        for output, one in by_output.items()
    ]
    return section(
        "Parity",
        listed(*(_allowed(name, one) for name, one in report["tolerances"].items())),
        _LEGEND,
        table(("output", "scores", *_FIGURES), outputs),
        "By execution provider and optimisation level:",
        table(("provider", "level", "output", *_FIGURES), levels),
        "By case, over every provider and level:",
        table(("case", "output", *_FIGURES), cases),
    )


def providers_section(manifest: Manifest, report: Report) -> str:
    """Which provider ran how many nodes, and the copies between devices."""
    rows = [
        (code(provider), level, _counts(counts), report["copies"][provider][level])
        for provider, by_level in report["providers"].items()
        for level, counts in by_level.items()
    ]
    return section(
        "What ran",
        f"Counted in ONNX Runtime's own profile; `report.json` names every node at level `all`. "
        f"Precision: {report['precision']}.",
        table(("provider", "level", "nodes", "copies between devices"), rows),
    )


def _allowed(name: str, tolerance: Report) -> str:
    rtol = f" + {tolerance['rtol']:g} |TensorFlow|" if tolerance["rtol"] else ""
    return f"{code(name)} may differ by {tolerance['atol']:g}{rtol}: {tolerance['why']}."


def _figures(one: Report) -> Iterable[object]:
    sizes = (small(one[key]) for key in ("max_abs", "mean_abs", "p99_abs", "max_rel"))
    return (*sizes, f"{one['max_ulp']:,}", one["nan"], one["inf"], share(one["ranking"]))


def _counts(counts: Report) -> str:
    return ", ".join(f"{count:,} {runtime}" for runtime, count in counts.items())
