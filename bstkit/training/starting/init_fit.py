"""Whether the weights of an earlier run fit a new model; asked before a log is prepared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from bstkit.artefact import Run
from bstkit.compose import compose
from bstkit.config.features import ContextId, ContextNumeric, Features, Space
from bstkit.config.selection import Selection
from bstkit.errors import TrainingError
from bstkit.features.tables import tables_of_zeros
from bstkit.registry import Registry

_ROWS = 3
"""Rows of every table while shapes are compared: how many there will be is not known before the log is read."""


@dataclass(frozen=True)
class InitFit:
    """What a new model takes over from a run.

    Args:
        run: the run.
        paths: of the served model's weights that are taken over, tables included.
        tables: id space -> path of its table, of those in `paths`.
    """

    run: Run
    paths: frozenset[str]
    tables: dict[str, str]


def check_init(run: Run, selection: Selection, features: Features, registry: Registry | None = None) -> InitFit:
    """Compare a run with the model that is to be trained.

    A weight fits the one of the same path and shape; tables may differ in their rows. Columns must stand in the same
    order: weights of the same shape mean something else in another one. A layer is taken whole or not at all.

    Args:
        run: whose weights are to be taken.
        selection, features: of the new model; row counts and statistics may be missing.
        registry: where its components come from. Defaults to everything installed.

    Raises:
        TrainingError: something does not fit, and `train.init_partial` is off. All of it is listed.
    """
    ours, theirs = _shapes(selection, features, registry), _shapes(run.selection, run.features, run.registry)
    columns = list(_column_changes(features, run.features))
    shared = {path: space for space in features.spaces if (path := f"{space}_embedding/embeddings") in ours}
    spaces = dict(_space_changes({name: features.spaces[name] for name in shared.values()}, run))
    fits = {path for path, shape in ours.items() if theirs.get(path) == shape and shared.get(path) not in spaces}
    if columns:
        fits &= set(shared)
    torn = {_layer(path) for path in ours if path not in fits}
    fits = {path for path in fits if _layer(path) not in torn}
    misfits = [
        *_component_changes(selection, run.selection),
        *columns,
        *spaces.values(),
        *(
            f"{path}: {_change(shape, theirs.get(path))}"
            for path, shape in ours.items()
            if theirs.get(path) != shape and shared.get(path) not in spaces
        ),
        *_gone(path for path in theirs if path not in ours),
    ]
    if misfits and not selection.train.init_partial:
        raise TrainingError(
            "\n  ".join([f"the weights of {run.folder} do not fit the new model:", *misfits]),
            "train the run's own recipe, or keep what fits and start the rest anew:  --set train.init_partial=true",
        )
    if not fits:
        raise TrainingError(f"no weight of {run.folder} fits the new model", "leave --init-from out")
    return InitFit(run, frozenset(fits), {space: path for path, space in shared.items() if path in fits})


def _shapes(selection: Selection, features: Features, registry: Registry | None = None) -> dict[str, tuple[int, ...]]:
    """Path -> shape of every weight of the served model, each table of a space with `_ROWS` rows."""
    spaces = {name: space.model_copy(update={"rows": _ROWS}) for name, space in features.spaces.items()}
    context = {
        name: feature.model_copy(update={"mean": 0.0, "std": 1.0}) if isinstance(feature, ContextNumeric) else feature
        for name, feature in features.context.items()
    }
    with tables_of_zeros():
        composed = compose(selection, features.model_copy(update={"spaces": spaces, "context": context}), registry)
    return {one.path: tuple(one.shape) for one in composed.serving.weights}


def _layer(path: str) -> str:
    return path.rpartition("/")[0]


def _change(ours: tuple[int, ...], theirs: tuple[int, ...] | None) -> str:
    return "the run has no such weight" if theirs is None else f"shape {ours}, in the run {theirs}"


def _gone(paths: Iterable[str]) -> Iterator[str]:
    """Weights that the run alone has, by the layer of the model that they are part of."""
    for layer, count in Counter(path.partition("/")[0] for path in paths).items():
        yield f"{layer}: the run has {count} weights that the new model has not"


def _component_changes(ours: Selection, theirs: Selection) -> Iterator[str]:
    """Slots that are filled by another component."""
    mine, other = ({use.path: use.key for use in one.uses} for one in (ours, theirs))
    for path in dict.fromkeys([*mine, *other]):
        if mine.get(path) != other.get(path):
            yield f"{path}: {mine.get(path, 'nothing')}, in the run {other.get(path, 'nothing')}"
    if ours.candidate != theirs.candidate:
        yield f"candidate: {ours.candidate}, in the run {theirs.candidate}"


def _column_changes(ours: Features, theirs: Features) -> Iterator[str]:
    """Tables of features.toml that make other vectors, or the same ones in another order."""
    mine, other = _columns(ours), _columns(theirs)
    for name in dict.fromkeys([*mine, *other]):
        if mine.get(name) != other.get(name):
            yield f"features.toml, {name}: {_listed(mine.get(name))}, in the run {_listed(other.get(name))}"
    shared = min(len(ours.tasks), len(theirs.tasks))
    if ours.tasks[:shared] != theirs.tasks[:shared]:  # gates of several tasks are numbered
        yield f"features.toml, labels: {_listed(ours.tasks)}, in the run {_listed(theirs.tasks)}"


def _columns(features: Features) -> dict[str, tuple[str, ...]]:
    found = {f"[history.{name}] fields": _pairs(history.fields) for name, history in features.history.items()}
    context = (
        f"{column} = {feature.space if isinstance(feature, ContextId) else _numeric(feature)}"
        for column, feature in features.context.items()
    )
    return {
        "[target]": _pairs(features.target),
        "histories": tuple(features.history),
        **found,
        "[context]": tuple(context),
    }


def _pairs(columns: dict[str, str]) -> tuple[str, ...]:
    return tuple(f"{column} = {space}" for column, space in columns.items())


def _numeric(feature: ContextNumeric) -> str:
    return feature.numeric if feature.edges is None else f"{feature.numeric} at {list(feature.edges)}"


def _listed(parts: tuple[str, ...] | None) -> str:
    return ", ".join(parts or ()) or "nothing"


def _space_changes(spaces: Mapping[str, Space], run: Run) -> Iterator[tuple[str, str]]:
    """Id spaces whose rows are no rows of the run's table, and why."""
    for name, space in spaces.items():
        theirs = run.features.spaces.get(name)
        if theirs is None:
            continue  # the run has no such table
        if space.dim != theirs.dim:
            yield name, f"id space '{name}': dim {space.dim}, in the run {theirs.dim}"
        elif space.hash_buckets != theirs.hash_buckets:
            ours, other = (f"{one or 'no'} hash_buckets" for one in (space.hash_buckets, theirs.hash_buckets))
            yield name, f"id space '{name}': {ours}, in the run {other}"
        elif space.hash_buckets is None and name not in run.vocabularies:
            yield name, f"id space '{name}': the run has no vocabulary of it"
