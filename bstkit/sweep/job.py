"""`sweep`: train combinations of recipes, slots and parameters with several seeds, and rank them by validation rows."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bstkit.config.features import Features
from bstkit.config.features_file import features_to_toml
from bstkit.config.resolve import checked_selection, load_selection
from bstkit.config.selection import Selection
from bstkit.data.feature_files import features_for
from bstkit.errors import BstkitError, ComponentError, ConfigError, PluginError, TrainingError
from bstkit.progress import Progress, StagesAsOne
from bstkit.registry import load_registry
from bstkit.staging import replaced_file
from bstkit.sweep.folder import OUTCOMES, TABLE, opened, prepared
from bstkit.sweep.outcome import Outcome, Outcomes, train_once
from bstkit.sweep.results import Metric, Ranked, Sweep
from bstkit.sweep.space import Interval, Varied, grid, is_finite, parse_space, settings_of
from bstkit.sweep.study import Proposals, check_optuna, in_order
from bstkit.sweep.table import LABELS, markdown, mean_and_deviation
from bstkit.training.workers.cluster import read_cluster

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

Resolve = Callable[[Sequence[str]], Selection]

_PROBED = 1000
"""Combinations that are looked at before the first training, at most."""


def sweep(
    vary: Sequence[str],
    folder: Path | str,
    *,
    recipe: str | None = None,
    slots: Mapping[str, str] | None = None,
    settings: Sequence[str] = (),
    registry_path: Path | None = None,
    data: Path | str | None = None,
    features: Features | None = None,
    seeds: int = 3,
    trials: int | None = None,
    metric: Metric = "auc",
    sweep_seed: int = 0,
    resume: bool = False,
    progress: Progress | None = None,
) -> Sweep:
    """Train every combination, or the most promising ones, with several seeds.

    Args:
        vary: each `--vary`; see `bstkit.sweep.space.parse_space`.
        folder: the sweep folder to make. What was trained stays in it when the sweep is stopped.
        recipe, slots, settings, registry_path: what all have in common, as `load_selection` takes it.
        data: a log or a dataset; None for the embedded log. A log is prepared once.
        features: what its columns mean. Defaults to the file that goes with `data`.
        seeds: trainings of each combination, with seeds from 0.
        trials: combinations to train. Defaults to all, which with an interval there are not.
        metric: whose mean over the seeds, on the validation rows, says which is better.
        sweep_seed: of the proposals.
        resume: go on in a folder that is there; without one a sweep begins.
        progress: told about the stages.

    Raises:
        ConfigError: what is varied cannot be read, none of the combinations can be trained, or TF_CONFIG names several
            workers.
        RunError: the folder is there (without `resume`), holds another sweep or trainings whose components came from
            elsewhere, or another process works in it.
        BstkitError: the data cannot be used.
    """
    check_optuna()
    if read_cluster().several:
        raise ConfigError(
            "a sweep trains one model after the other, and TF_CONFIG names several workers", "unset TF_CONFIG"
        )
    progress, folder = progress or Progress(), Path(folder)
    data = None if data is None else Path(data)
    space = parse_space(vary)
    if trials is None and not is_finite(space):
        intervals = ", ".join(one.path for one in space if isinstance(one, Interval))
        raise ConfigError(f"an interval has no end of values: {intervals}", "say how many to try:  --trials 20")
    resolve = partial(_resolve, recipe, slots or {}, settings, registry_path)
    _check(space, resolve)
    features = features or features_for(data)
    definition = {
        "common": _common(resolve(())),
        "vary": list(vary),
        "seeds": seeds,
        "metric": metric,
        "sweep_seed": sweep_seed,
        "data": None if data is None else str(data.resolve()),
        "features": features_to_toml(features),
    }
    with opened(folder, definition, resume):
        dataset = prepared(folder, data, features, progress)
        outcomes = Outcomes(folder / OUTCOMES)
        proposals = Proposals(folder, space, trials, maximise=metric != "log_loss", seed=sweep_seed)
        while (proposal := proposals.next()) is not None:
            trial, found = proposal
            title = f"trial {len(proposals.finished()) + 1} of {proposals.trials} ({', '.join(settings_of(found))})"
            try:
                selection = resolve(settings_of(found))
                done = [
                    _trained(outcomes, selection, seed, dataset, features, progress, title) for seed in range(seeds)
                ]
                mean = mean_and_deviation([one.validation[metric] for one in done])
                if mean is None:
                    raise ConfigError(
                        f"the validation rows do not define {LABELS[metric]}", "rank by --metric log_loss"
                    )
            except (ConfigError, ComponentError, TrainingError) as error:
                proposals.refuse(trial, error.message)
                continue
            proposals.tell(trial, mean[0])
        ranked = [
            _ranked(trial, resolve, outcomes, seeds)
            for trial in in_order(proposals.finished(), maximise=metric != "log_loss")
        ]
        if not any(one.outcomes for one in ranked):
            raise ConfigError(
                f"no combination can be trained; {ranked[0].name}: {ranked[0].refused}", "vary something else"
            )
        swept = Sweep(folder, metric, tuple(ranked))
        with replaced_file(folder / TABLE) as staging:
            text = markdown("test rows", swept.rows(), swept.columns)
            (staging / TABLE).write_text(text, encoding="utf-8")
    return swept


def _resolve(
    recipe: str | None,
    slots: Mapping[str, str],
    settings: Sequence[str],
    registry_path: Path | None,
    chosen: Sequence[str],
) -> Selection:
    """The selection of one combination, names and parameters checked."""
    selection = load_selection(recipe, slots=slots, settings=[*settings, *chosen], registry_path=registry_path)
    return checked_selection(selection, load_registry(selection))


def _check(space: Sequence[Varied], resolve: Resolve) -> None:
    """Refuse a value that no combination can take: a wrong name, before hours of training the right ones."""
    open_values: dict[tuple[str, Any], BstkitError | None] = {}
    for found in itertools.islice(grid(space), _PROBED):
        try:
            resolve(settings_of(found))
        except (ConfigError, ComponentError, PluginError) as error:
            for pair in found.items():
                open_values.setdefault(pair, error)
        else:
            open_values |= dict.fromkeys(found.items())
    for (path, value), why in open_values.items():
        if why is not None:
            raise ConfigError(f"no combination takes {path}={value}: {why.message}", why.hint)


def _common(selection: Selection) -> str:
    return selection.model_dump_json(exclude={"origins"}, exclude_defaults=True)


def _trained(
    outcomes: Outcomes,
    selection: Selection,
    seed: int,
    data: Path,
    features: Features,
    progress: Progress,
    title: str,
) -> Outcome:
    """What is there, or what training gives."""
    known = outcomes.find(selection, seed)
    if known is not None:
        return known
    outcomes.check_suppliers(load_registry(selection))
    with progress.stage(f"{title}, seed {seed}") as advance:
        found = train_once(selection, seed, data, features, StagesAsOne(advance, {"prepare data": 0.0, "train": 0.95}))
    outcomes.keep(selection, found)
    return found


def _ranked(trial: FrozenTrial, resolve: Resolve, outcomes: Outcomes, seeds: int) -> Ranked:
    settings = tuple(settings_of(trial.params))
    if trial.value is None:
        return Ranked(settings, None, (), trial.user_attrs["refused"])
    found = (outcomes.find(resolve(settings), seed) for seed in range(seeds))
    return Ranked(settings, trial.value, tuple(one for one in found if one is not None))
