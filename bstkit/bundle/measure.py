"""Run files on data sets whose scores are known, and note every difference."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bstkit.bundle.scored_file import ScoredFile
from bstkit.bundle.vectors import Arrays, DataSet
from bstkit.config.selection import Tolerance
from bstkit.errors import ProviderError
from bstkit.export.compare import Array, Mismatch, breach
from bstkit.export.providers import LEVELS
from bstkit.export.report import Run

BESIDE = ("cpu", "all")
"""Where files beside the model run: they are for devices, and were optimised when they were written."""


class Measured:
    """What the runs of a model, and of the files beside it, gave.

    Args:
        data_sets: inputs as the files take them, and the scores that they must give.
        tolerances: output -> what may differ.

    Attributes:
        mismatches: everything that is not right.
        runs: every run that is, in order.
        pairs: output -> (scores, expected) of every run that is right.
        providers: provider -> level -> ONNX Runtime's provider -> nodes that it ran of the model.
    """

    def __init__(self, data_sets: Sequence[DataSet], tolerances: Mapping[str, Tolerance]) -> None:
        self._data_sets = data_sets
        self._tolerances = tolerances
        self.mismatches: list[Mismatch] = []
        self.runs: list[Run] = []
        self.pairs: dict[str, list[tuple[Array, Array]]] = {name: [] for name in tolerances}
        self.providers: dict[str, dict[str, dict[str, int]]] = {}

    def run_all(
        self, path: Path, providers: Sequence[str], levels: Sequence[str] = tuple(LEVELS), beside: Sequence[Path] = ()
    ) -> None:
        """Run a model on every provider at every level, and the files beside it once each.

        Raises:
            ProviderError: a provider did not run.
        """
        with tempfile.TemporaryDirectory(prefix="bstkit-") as scratch:
            for provider in providers:
                ran = self.providers.setdefault(provider, {})
                for level in levels:
                    ran[level] = self._run(path, _Where(path.name, provider, level), Path(scratch))
            for file in beside:
                self._run(file, _Where(file.name, *BESIDE), Path(scratch))

    def _run(self, path: Path, where: _Where, scratch: Path) -> dict[str, int]:
        """Score every data set with one file; returns the nodes that each provider ran, empty where it did not load."""
        try:
            file = ScoredFile(path, where.provider, where.level, scratch)
        except ProviderError:
            raise
        except Exception as error:  # noqa: BLE001  # ONNX Runtime raises types of its own; each is a mismatch to be listed
            self._mismatch("", "", f"ONNX Runtime cannot load the model: {error}", where)
            return {}
        scores: dict[str, Arrays] = {}
        for one in self._data_sets:
            found = self._score(file, one, where)
            if found is not None:
                scores[one.vector.name] = found
                self._against_twin(one, scores, where)
        return file.nodes

    def _score(self, file: ScoredFile, one: DataSet, where: _Where) -> Arrays | None:
        """Score a data set and compare it with what it must give."""
        case = one.vector.case
        try:
            found = file.score(one.pieces, list(self._tolerances))
        except ProviderError:
            raise
        except Exception as error:  # noqa: BLE001  # ONNX Runtime raises types of its own; each is a mismatch to be listed
            self._mismatch("", case, f"ONNX Runtime failed: {error}", where)
            return None
        max_abs = {}
        for name, tolerance in self._tolerances.items():
            what = breach(found[name], one.outputs[name], tolerance)
            if what is not None:
                self._mismatch(name, case, what, where)
                continue
            self.pairs[name].append((found[name], one.outputs[name]))
            max_abs[name] = float(abs(found[name] - one.outputs[name]).max(initial=0.0))
        self.runs.append(Run(case, where.provider, where.level, max_abs, where.file))
        return found

    def _against_twin(self, one: DataSet, scores: Mapping[str, Arrays], where: _Where) -> None:
        """Compare a data set with the one that it must agree with."""
        twin = scores.get(one.vector.twin or "")
        if twin is None:
            return
        order = slice(None) if one.vector.order is None else list(one.vector.order)
        for name, tolerance in self._tolerances.items():
            what = breach(scores[one.vector.name][name], twin[name][order], tolerance)
            if what is not None:
                self._mismatch(name, one.vector.case, f"its two data sets differ: {what}", where)

    def _mismatch(self, output: str, case: str, what: str, where: _Where) -> None:
        self.mismatches.append(Mismatch(output, case, where.provider, where.level, what, where.file))


@dataclass(frozen=True)
class _Where:
    file: str
    provider: str
    level: str
