"""Give recipe `bst` the weights of the Keras 2 model of bst_model_summary.txt, and export it, verified.

    python examples/import_keras2_weights/import_keras2_weights.py WEIGHTS.h5 --out NEW_RUN

writes a run folder whose bundle/ is verified; `bstkit verify NEW_RUN` and `bstkit export NEW_RUN` go on from there.
README.md beside this file says what is assumed.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras2_file import Weight, WeightsError, read_layers
from weight_map import PROJECTIONS, Assignment, map_weights

from bstkit.artefact import BUNDLE, Run, load_run, write_run
from bstkit.cli.console import report_error
from bstkit.cli.quiet_import import import_tensorflow
from bstkit.config.resolve import load_selection
from bstkit.data.feature_files import features_for
from bstkit.data.vocabulary import read_vocabulary, rows_of
from bstkit.errors import BstkitError
from bstkit.export import export
from bstkit.staging import new_folder
from bstkit.version import __version__

if TYPE_CHECKING:
    from bstkit.compose import Composed
    from bstkit.export.report import Report


def main(arguments: Sequence[str] | None = None) -> int:
    """Import, export, print what went where; return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        run = load_run(options.run) if options.run else None
        vocabularies = _vocabularies(options.vocab or (run.folder / "vocab" if run else None))
        layers = read_layers(options.weights)
        import_tensorflow()
        imported = import_weights(layers, run, options.order)
        _check_rows(vocabularies, imported.composed)
        report = _write(options.out, imported.composed, run, vocabularies, options.weights)
    except BstkitError as error:
        report_error(error.message, error.hint)
        return error.exit_code
    sys.stdout.write(_table(imported.assignments) + _summary(options.out, report))
    return 0


@dataclass(frozen=True)
class Imported:
    """A model with the file's weights.

    Args:
        composed: the model.
        assignments: what went where.
    """

    composed: Composed
    assignments: tuple[Assignment, ...]


def import_weights(
    layers: Mapping[str, Sequence[Weight]], run: Run | None = None, order: Sequence[str] = PROJECTIONS
) -> Imported:
    """Compose the run's model, or recipe `bst` with its own row counts, and assign every weight.

    Args:
        layers: from `read_layers`.
        run: a run of recipe `bst`.
        order: see `map_weights`.

    Raises:
        WeightsError: the file does not fit the model.
    """
    from bstkit.compose import compose, with_rows

    if run is not None:
        composed = compose(run.selection, run.features)
    else:
        selection = load_selection("bst")
        composed = compose(selection, with_rows(features_for(None), selection.rows))
    assignments = tuple(map_weights(layers, composed, order))
    for assignment in assignments:
        assignment.target.assign(assignment.array)
    return Imported(composed, assignments)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=Path, metavar="WEIGHTS.h5", help="from Keras 2's save_weights or save")
    parser.add_argument(
        "run",
        type=Path,
        nargs="?",
        metavar="RUN",
        help="a run of recipe bst whose columns, row counts, vocabularies and held-out rows are taken over; "
        "without it: [recipe.bst.features]",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="NEW_RUN", help="the run folder to make")
    parser.add_argument("--vocab", type=Path, metavar="FOLDER", help="<space>.txt files, the first line is id 2")
    parser.add_argument(
        "--order",
        type=_order,
        default=PROJECTIONS,
        metavar="NAMES",
        help="the order in which an encoder block of yours creates its projections; default: " + ",".join(PROJECTIONS),
    )
    return parser


def _order(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    if sorted(names) != sorted(PROJECTIONS):
        raise argparse.ArgumentTypeError(f"each of {', '.join(PROJECTIONS)} once, with commas; received {text!r}")
    return names


def _vocabularies(folder: Path | None) -> dict[str, tuple[str, ...]]:
    if folder is None:
        return {}
    found = {path.stem: read_vocabulary(path) for path in sorted(folder.glob("*.txt"))}
    if not found:
        raise WeightsError(f"no vocabulary in {folder}", "name the folder that holds <space>.txt files")
    return found


def _check_rows(vocabularies: Mapping[str, Sequence[str]], composed: Composed) -> None:
    """A vocabulary must fill its table exactly, or ids would mean something else."""
    spaces = composed.features.spaces
    problems = [f"the model has no id space '{name}'" for name in vocabularies if name not in spaces]
    problems += [
        f"{name}.txt holds {len(keys)} keys, which with padding and out-of-vocabulary are {rows_of(keys)} rows; "
        f"the table has {spaces[name].rows}"
        for name, keys in vocabularies.items()
        if name in spaces and rows_of(keys) != spaces[name].rows
    ]
    if problems:
        raise WeightsError("\n".join(problems), "row 0 is padding, row 1 out-of-vocabulary; line n is row n + 1")


def _write(
    out: Path, composed: Composed, run: Run | None, vocabularies: Mapping[str, Sequence[str]], weights: Path
) -> Report:
    """Write run and bundle, both or neither."""
    heldout = dict(run.heldout) if run else {}
    parameters = composed.serving.count_params()
    with new_folder(out) as staging:
        write_run(
            staging,
            composed,
            vocabularies=vocabularies,
            history=[{"epoch": 0, "loss": ""}],  # trained elsewhere
            metrics={"parameters": parameters, "epochs": 0, "test": {}, "baselines": {}, "seconds": {}, "rows": {}},
            heldout=heldout,
            provenance=_provenance(weights),
        )
        return export(composed, staging / BUNDLE, samples=heldout or None)


def _provenance(weights: Path) -> dict[str, Any]:
    return {
        "bstkit": __version__,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "imported": {"file": weights.name, "sha256": hashlib.sha256(weights.read_bytes()).hexdigest()},
    }


def _table(assignments: Sequence[Assignment]) -> str:
    rows = [("in the file", "in bstkit", "shape")]
    rows += [(one.source, one.target.path, "x".join(map(str, one.array.shape))) for one in assignments]
    first, second = (max(len(row[column]) for row in rows) for column in (0, 1))
    return "".join(f"{source:<{first}}  {path:<{second}}  {shape}\n" for source, path, shape in rows)


def _summary(out: Path, report: Report) -> str:
    worst = ", ".join(f"{name} {one.max_abs:.1e}" for name, one in report.outputs.items())
    return f"\n{out / BUNDLE / 'model.onnx'} is verified; largest |onnx - tensorflow|: {worst}\n"


if __name__ == "__main__":
    sys.exit(main())
