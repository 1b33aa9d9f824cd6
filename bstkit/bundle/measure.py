"""Run files on data sets whose scores are known, and note every difference."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bstkit.bundle.engine import Way
from bstkit.bundle.scored_file import ScoredFile
from bstkit.bundle.vectors import Arrays, DataSet
from bstkit.config.selection import Tolerance
from bstkit.errors import BstkitError
from bstkit.export.assignment import NodeRun, count_by_provider
from bstkit.export.compare import Mismatch, breach
from bstkit.export.parity import Compared
from bstkit.export.report import Run


class Measured:
    """What the runs of a model, and of the files beside it, gave.

    Args:
        data_sets: inputs as the files take them, and the scores that they must give.
        tolerances: output -> what may differ.

    Attributes:
        mismatches: everything that is not right.
        runs: every run that is, in order.
        compared: the scores of every output that is right.
        nodes: provider -> level -> the nodes that ran of the model.
    """

    def __init__(self, data_sets: Sequence[DataSet], tolerances: Mapping[str, Tolerance]) -> None:
        self._data_sets = data_sets
        self.tolerances = dict(tolerances)
        self.mismatches: list[Mismatch] = []
        self.runs: list[Run] = []
        self.compared: list[Compared] = []
        self.nodes: dict[str, dict[str, tuple[NodeRun, ...]]] = {}

    @property
    def providers(self) -> dict[str, dict[str, dict[str, int]]]:
        """Provider -> level -> the engine's own provider -> nodes that it ran of the model."""
        return {
            provider: {level: count_by_provider(nodes) for level, nodes in by_level.items()}
            for provider, by_level in self.nodes.items()
        }

    def run_all(self, path: Path, ways: Sequence[Way]) -> None:
        """Run the model each way.

        Raises:
            ProviderError: a provider did not run.
        """
        for way in ways:
            self.nodes.setdefault(way.provider, {})[way.level] = self._run(path, way)

    def run_beside(self, files: Sequence[Path], way: Way) -> None:
        """Run the files beside the model.

        Raises:
            ProviderError: a provider did not run.
        """
        for file in files:
            self._run(file, way)

    def _run(self, path: Path, way: Way) -> tuple[NodeRun, ...]:
        """Score every data set with one file; returns the nodes that ran, none where it did not load."""
        where = _Where(path.name, way)
        with tempfile.TemporaryDirectory(prefix="bstkit-") as scratch:
            try:
                file = ScoredFile(way.open(path, Path(scratch)))
            except BstkitError:
                raise
            except Exception as error:  # noqa: BLE001  # engines raise types of their own; each is a mismatch to be listed
                self._mismatch("", "", f"{way.engine} cannot load the model: {error}", where)
                return ()
            scores: dict[str, Arrays] = {}
            for one in self._data_sets:
                found = self._score(file, one, where)
                if found is not None:
                    scores[one.vector.name] = found
                    self._against_twin(one, scores, where)
        return file.nodes

    def _score(self, file: ScoredFile, one: DataSet, where: _Where) -> Arrays | None:
        """Score a data set and compare it with what it must give."""
        case, way = one.vector.case, where.way
        try:
            found = file.score(one.pieces, list(self.tolerances))
        except BstkitError:
            raise
        except Exception as error:  # noqa: BLE001  # engines raise types of their own; each is a mismatch to be listed
            self._mismatch("", case, f"{way.engine} failed: {error}", where)
            return None
        max_abs = {}
        for name, tolerance in self.tolerances.items():
            what = breach(found[name], one.outputs[name], tolerance, way.engine)
            if what is not None:
                self._mismatch(name, case, what, where)
                continue
            self.compared.append(Compared(name, case, way.provider, way.level, found[name], one.outputs[name]))
            max_abs[name] = float(abs(found[name] - one.outputs[name]).max(initial=0.0))
        self.runs.append(Run(case, way.provider, way.level, max_abs, where.file))
        return found

    def _against_twin(self, one: DataSet, scores: Mapping[str, Arrays], where: _Where) -> None:
        """Compare a data set with the one that it must agree with."""
        twin = scores.get(one.vector.twin or "")
        if twin is None:
            return
        order = slice(None) if one.vector.order is None else list(one.vector.order)
        for name, tolerance in self.tolerances.items():
            what = breach(scores[one.vector.name][name], twin[name][order], tolerance, where.way.engine)
            if what is not None:
                self._mismatch(name, one.vector.case, f"its two data sets differ: {what}", where)

    def _mismatch(self, output: str, case: str, what: str, where: _Where) -> None:
        self.mismatches.append(Mismatch(output, case, where.way.provider, where.way.level, what, where.file))


@dataclass(frozen=True)
class _Where:
    file: str
    way: Way
