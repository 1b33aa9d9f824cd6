"""`--init-from`: a new model starts with the weights of an earlier run, rows of tables found by their keys."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bstkit.artefact import WEIGHTS, Run
from bstkit.compose import Composed
from bstkit.config.features import FIRST_ID, ContextNumeric
from bstkit.data.dataset import Dataset
from bstkit.restore import restore
from bstkit.training.endurance.variables import assign_own, own_value
from bstkit.training.scorer import Scorer
from bstkit.training.starting.init_fit import InitFit
from bstkit.training.task_weights import weighted_mean

_log = logging.getLogger("bstkit")


@dataclass(frozen=True)
class Rows:
    """What became of the rows of one table.

    Args:
        kept: keys, or hash buckets, that both have; their vectors are the run's. So are those of padding and of
            out-of-vocabulary, which are not counted.
        new: keys that the run does not know; their vectors start as they would without it.
        dropped: keys of the run that the new log does not have.
    """

    kept: int
    new: int
    dropped: int


def with_statistics(fit: InitFit, dataset: Dataset) -> Dataset:
    """Standardise numbers as the run did: its weights were learned with its means and deviations.

    Those of the new log would move what every number means to weights that already know it. A number whose
    distribution has moved far is better standardised anew, by a model trained from the start.
    """
    context = dict(dataset.features.context)
    for name, theirs in _standardised(fit).items():
        context[name] = context[name].model_copy(update={"mean": theirs.mean, "std": theirs.std})
    return replace(dataset, features=dataset.features.model_copy(update={"context": context}))


def start_from(fit: InitFit, composed: Composed, dataset: Dataset) -> dict[str, Any]:
    """Copy the weights that fit into a model that is not trained yet, and score it as it is then.

    Args:
        fit: from `check_init`.
        composed: the new model, of any dtype policy: variables are float32.
        dataset: says which key has which row.

    Returns:
        What provenance.json says about it: `run`, `weights_sha256`, `created` and `data_sha256` of the run; `tables`,
        id space -> `kept`, `new`, `dropped`; `statistics`, columns that are standardised by the run's mean and
        deviation; `fresh`, paths of the weights that did not come from the run; `validation`, task -> metrics before
        the first step.
    """
    run = fit.run
    restored = restore(run.selection, run.features, run.folder / WEIGHTS, run.registry)
    theirs = {one.path: one for one in restored.serving.weights}
    spaces = {path: space for space, path in fit.tables.items()}
    tables: dict[str, Rows] = {}
    for weight in composed.serving.weights:
        if weight.path in spaces:
            space = spaces[weight.path]
            old, new, tables[space] = _rows(space, run, dataset)
            assign_own(weight, _with_rows(np.array(own_value(weight)), theirs[weight.path].numpy(), old, new))
        elif weight.path in fit.paths:
            assign_own(weight, theirs[weight.path].numpy())
    fresh = [one.path for one in composed.training.weights if one.path not in fit.paths]
    _tell(run, tables, fresh)
    return {
        "run": run.folder.resolve().name,
        "weights_sha256": _digest(run.folder / WEIGHTS),
        "created": run.provenance.get("created"),
        "data_sha256": (run.provenance.get("data") or {}).get("sha256"),
        "tables": {space: asdict(rows) for space, rows in tables.items()},
        "statistics": list(_standardised(fit)),
        "fresh": fresh,
        "validation": {task: asdict(one) for task, one in Scorer(composed, dataset, "validation").evaluate().items()},
    }


def matched_ids(old: Sequence[str], new: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The ids of the keys that two vocabularies share, in the old one and in the new one."""
    if tuple(new[: len(old)]) == tuple(old):  # extended: no id has moved
        ids = FIRST_ID + np.arange(len(old), dtype=np.int64)
        return ids, ids
    place = {key: number for number, key in enumerate(old)}
    found = np.array([place.get(key, -1) for key in new], np.int64)
    return FIRST_ID + found[found >= 0], FIRST_ID + np.flatnonzero(found >= 0)


def warn_if_worse(facts: Mapping[str, Any], history: Sequence[Mapping[str, Any]], weights: Mapping[str, float]) -> None:
    """Say so where every epoch left the validation rows worse off than the run's own weights.

    Args:
        facts: from `start_from`.
        history: one dict an epoch.
        weights: task -> weight, as for the history's `val_log_loss`.
    """
    before = weighted_mean({task: found["log_loss"] for task, found in facts["validation"].items()}, weights)
    after = min(one["val_log_loss"] for one in history)
    if before is not None and before < after:
        _log.warning(
            "the weights of %s had the better validation log loss, %.4f; after training it is %.4f: "
            "lower train.learning_rate, or go on serving that run",
            facts["run"],
            before,
            after,
        )


def _standardised(fit: InitFit) -> dict[str, ContextNumeric]:
    """The columns that are standardised as in the run, and what it says of them."""
    return {
        name: feature
        for name, feature in fit.run.features.context.items()
        if isinstance(feature, ContextNumeric) and f"{name}_standardised/mean" in fit.paths
    }


def _rows(space: str, run: Run, dataset: Dataset) -> tuple[NDArray[np.int64], NDArray[np.int64], Rows]:
    """The rows of one table to take from the run, where they go, and how many."""
    buckets = run.features.spaces[space].hash_buckets
    if buckets is not None:
        ids = FIRST_ID + np.arange(buckets, dtype=np.int64)
        return ids, ids, Rows(buckets, 0, 0)
    keys, known = dataset.vocabularies[space], run.vocabularies[space]
    old, new = matched_ids(known, keys)
    return old, new, Rows(len(new), len(keys) - len(new), len(known) - len(new))


def _with_rows(
    ours: NDArray[np.float32], theirs: NDArray[np.float32], old: NDArray[np.int64], new: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Overwrite some rows of a table by those of another one; padding and out-of-vocabulary always are."""
    ours[:FIRST_ID] = theirs[:FIRST_ID]
    ours[new] = theirs[old]
    return ours


def _tell(run: Run, tables: dict[str, Rows], fresh: list[str]) -> None:
    """Say on the log what the model starts with."""
    lines = [f"starts with the weights of {run.folder}; rows of its tables:"]
    lines += [f"{name}: {one.kept:,} kept, {one.new:,} new, {one.dropped:,} dropped" for name, one in tables.items()]
    if fresh:
        layers = dict.fromkeys(path.partition("/")[0] for path in fresh)
        lines.append(f"{len(fresh)} weights start anew, of {', '.join(layers)}; provenance.json lists them")
    _log.info("\n".join(lines))


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
