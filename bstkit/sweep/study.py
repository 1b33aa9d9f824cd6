"""Which combination is trained next, kept in a file that survives a kill: Optuna's ask and tell."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bstkit.errors import RunError
from bstkit.sweep.space import Choice, Varied, grid, is_finite

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.study import Study
    from optuna.trial import FrozenTrial, Trial

JOURNAL = "study.journal"


def check_optuna() -> None:
    """Refuse to go on without the library.

    Raises:
        RunError: Optuna is not installed.
    """
    from importlib.util import find_spec

    if find_spec("optuna") is None:
        raise RunError("`bstkit sweep` needs Optuna, which is not installed", "pip install 'bstkit[sweep]'")


class Proposals:
    """The combinations of one sweep, one after another.

    A space that can be listed is, in its order; of it, or of one with intervals, `trials` combinations are proposed by
    a tree-structured Parzen estimator (Bergstra et al., 2011) where there are fewer of them than combinations. Its
    seed follows from the number of finished trials, so that a sweep that was stopped proposes what it would have.

    Args:
        folder: where the journal lies.
        space: what is varied.
        trials: combinations to train; None for all of a space that can be listed.
        maximise: whether more is better.
        seed: of the proposals.
    """

    def __init__(self, folder: Path, space: Sequence[Varied], trials: int | None, maximise: bool, seed: int) -> None:
        import optuna
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._space, self._seed = space, seed
        self._distributions = {one.path: _distribution(one) for one in space}
        self.study: Study = optuna.create_study(
            storage=JournalStorage(JournalFileBackend(str(folder / JOURNAL))),
            study_name="sweep",
            direction="maximize" if maximise else "minimize",
            load_if_exists=True,
        )
        combinations = list(grid(space)) if is_finite(space) else None
        self.trials = len(combinations or ()) if trials is None else trials
        if combinations is not None and len(combinations) <= self.trials:
            self.trials = len(combinations)
            for chosen in combinations:
                self.study.enqueue_trial(chosen, skip_if_exists=True)
        self._repeat_broken_off()

    def _repeat_broken_off(self) -> None:
        """Propose again what was in work when the process ended."""
        from optuna.trial import TrialState

        for trial in self.study.get_trials(states=(TrialState.RUNNING,)):
            self.study.tell(trial.number, state=TrialState.FAIL)
            self.study.enqueue_trial(trial.params, {"again": True})

    def finished(self) -> list[FrozenTrial]:
        """Those with an answer, a refusal included."""
        from optuna.trial import TrialState

        known = self.study.get_trials(states=(TrialState.COMPLETE, TrialState.FAIL))
        return [trial for trial in known if trial.state is TrialState.COMPLETE or "refused" in trial.user_attrs]

    def next(self) -> tuple[Trial, dict[str, Any]] | None:
        """Return the next trial and what it chooses; None when all are done."""
        from optuna.samplers import TPESampler

        done = len(self.finished())
        if done >= self.trials:
            return None
        self.study.sampler = TPESampler(seed=self._seed + done)
        trial = self.study.ask(self._distributions)
        return trial, dict(trial.params)

    def tell(self, trial: Trial, value: float) -> None:
        """Give a trial its answer."""
        self.study.tell(trial, value)

    def refuse(self, trial: Trial, reason: str) -> None:
        """Note that what a trial chose cannot be trained."""
        from optuna.trial import TrialState

        trial.set_user_attr("refused", reason)
        self.study.tell(trial, state=TrialState.FAIL)


def _distribution(one: Varied) -> BaseDistribution:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if isinstance(one, Choice):
        return CategoricalDistribution(one.values)
    if one.whole:
        return IntDistribution(int(one.low), int(one.high), log=one.log)
    return FloatDistribution(one.low, one.high, log=one.log)


def in_order(trials: Sequence[FrozenTrial], maximise: bool) -> list[FrozenTrial]:
    """The best first, refused ones last."""

    def rank(trial: FrozenTrial) -> tuple[bool, float, int]:
        value = trial.value if trial.value is not None else 0.0
        return trial.value is None, -value if maximise else value, trial.number

    return sorted(trials, key=rank)
