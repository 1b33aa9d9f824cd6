"""The proof: how far ONNX Runtime is from TensorFlow, by case and output, and what ran."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from bstkit.bundle.card.markdown import share, small
from bstkit.report.axis import Axis, powers_of_ten
from bstkit.report.html import Cell, Html, element, exact, joined, pairs, paragraph, section, table
from bstkit.report.plot import Plot
from bstkit.report.record import Facts, Record

_FIGURES = ("max abs", "mean abs", "p99 abs", "max rel", "max ULP", "NaN", "Inf", "ranking")


def parity_section(record: Record) -> Html:
    """Tolerances, a figure, tables by output and by case, the providers that ran."""
    export = record.export
    if export is None:
        return section("Parity", paragraph("Not exported: `bstkit export` makes the file and proves it."))
    return section("Parity", *_facts(export), *_tables(export), *_ran(export))


def _facts(export: Facts) -> Iterator[Html]:
    yield pairs(
        (
            ("file", f"{export['nodes']:,} nodes, {export['bytes']:,} bytes, {export['precision']}"),
            ("target", f"{export['target']}, {export['ids']} ids"),
            ("graph", f"opset {export['opset']}, ONNX Runtime {export['lowest_onnxruntime']} or later"),
            ("tolerances", "loosened in [export]" if export["loosened"] else "the defaults"),
        )
    )
    yield element("div", _figure(export), class_="figures")


def _figure(export: Facts) -> Html:
    """The largest difference of each case, on a scale of powers of ten, with what is allowed."""
    cases = list(export["by_case"])
    tolerances = export["tolerances"]
    found = [one["max_abs"] for by_output in export["by_case"].values() for one in by_output.values()]
    found += [one["atol"] for one in tolerances.values()]
    powers = [math.log10(value) for value in found if value > 0]
    low, high = math.floor(min(powers)) - 1, math.ceil(max(powers))
    across = powers_of_ten("largest |ONNX Runtime - TensorFlow|", low, high)
    across = replace(across, ticks=((float(low), "0"), *across.ticks[1:]))  # where nothing but 0 is drawn
    rows = tuple((-float(place), case) for place, case in enumerate(cases))
    plot = Plot(across, Axis("", -len(cases), 1.0, rows), 138)
    for number, output in enumerate(tolerances):
        if tolerances[output]["atol"]:
            plot.rule(math.log10(tolerances[output]["atol"]), "#a00000")
        for place, case in enumerate(cases):
            worst = export["by_case"][case].get(output, {}).get("max_abs")
            if worst is not None:
                power = math.log10(worst) if worst else float(low)
                plot.point(power, -float(place), number, f"{case}, {output}: {small(worst)}")
        plot.name(output, number, "points")
    return plot.figure(
        "Parity by case: TensorFlow against ONNX Runtime",
        "Dashed: the absolute tolerance; logits may differ by more where they are large.",
    )


def _tables(export: Facts) -> Iterator[Html]:
    for name, one in export["tolerances"].items():
        relative = f" + {one['rtol']:g} |TensorFlow|" if one["rtol"] else ""
        yield paragraph(element("b", name), f" may differ by {one['atol']:g}{relative}: {one['why']}.")
    rows = [(name, f"{one['scores']:,}", *_differences(one)) for name, one in export["outputs"].items()]
    yield table("By output, over every case, provider and level", ("output", "scores", *_FIGURES), rows)
    cases = [
        (case, output, f"{export['tolerances'][output]['atol']:g}", *_differences(one))
        for case, by_output in export["by_case"].items()
        for output, one in by_output.items()
    ]
    yield table("By case and output, over every provider and level", ("case", "output", "may be abs", *_FIGURES), cases)
    yield paragraph(
        "abs: |ONNX Runtime - TensorFlow|; rel: the same over |TensorFlow|; ULP: float32 steps between the two, many "
        "near zero; ranking: of the pairs of rows that TensorFlow holds apart, the share in the same order."
    )


def _ran(export: Facts) -> Iterator[Html]:
    rows = [
        (provider, level, joined(", ".join(f"{count:,} {name}" for name, count in counts.items())))
        for provider, by_level in export["providers"].items()
        for level, counts in by_level.items()
    ]
    yield table("Nodes that ran, counted in ONNX Runtime's own profile", ("provider", "level", "nodes"), rows)
    operations = ", ".join(f"{count:,} {name}" for name, count in export["operations"].items())
    yield paragraph(element("b", "Operations"), f": {operations}.")


def _differences(one: Facts) -> Iterator[Cell]:
    for name in ("max_abs", "mean_abs", "p99_abs", "max_rel"):
        yield exact(one[name], small(one[name]))
    yield from (f"{one['max_ulp']:,}", one["nan"], one["inf"], exact(one["ranking"], share(one["ranking"])))
