"""Run a file on data sets whose scores are known, and note every difference."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bstkit.bundle.engine import Session, Way
from bstkit.bundle.vectors import DataSet
from bstkit.config.selection import Tolerance
from bstkit.errors import ProviderError
from bstkit.export.assignment import NodeRun, count_by_provider
from bstkit.export.compare import Mismatch, breach
from bstkit.export.parity import Compared
from bstkit.export.report import Run

Scores = dict[str, Any]


class Measured:
    """What the runs of one file gave, each way that it was run.

    Args:
        data_sets: inputs as the file takes them, and the scores that they must give.
        tolerances: output -> what may differ.

    Attributes:
        mismatches: everything that is not right.
        runs: every run that is, in order.
        compared: the scores of every output that is right.
        nodes: provider -> level -> the nodes that ran.
    """

    def __init__(self, data_sets: Sequence[DataSet], tolerances: Mapping[str, Tolerance]) -> None:
        self._data_sets = data_sets
        self._tolerances = tolerances
        self.mismatches: list[Mismatch] = []
        self.runs: list[Run] = []
        self.compared: list[Compared] = []
        self.nodes: dict[str, dict[str, tuple[NodeRun, ...]]] = {}

    @property
    def providers(self) -> dict[str, dict[str, dict[str, int]]]:
        """Provider -> level -> the engine's own provider -> nodes that it ran."""
        return {
            provider: {level: count_by_provider(nodes) for level, nodes in by_level.items()}
            for provider, by_level in self.nodes.items()
        }

    def run_all(self, path: Path, ways: Sequence[Way]) -> None:
        """Run a file each way.

        Raises:
            ProviderError: a provider did not run.
        """
        with tempfile.TemporaryDirectory(prefix="bstkit-") as scratch:
            for way in ways:
                self._run(path, way, Path(scratch))

    def _run(self, path: Path, way: Way, scratch: Path) -> None:
        """Score every data set one way."""
        try:
            session = way.open(path, scratch)
        except ProviderError:
            raise
        except Exception as error:  # noqa: BLE001  # engines raise types of their own; each is a mismatch to be listed
            what = f"{way.engine} cannot load the model: {error}"
            self.mismatches.append(Mismatch("", "", way.provider, way.level, what))
            return
        scores: dict[str, Scores] = {}
        for one in self._data_sets:
            found = self._score(session, one, way)
            if found is None:
                continue
            if not scores:
                self.nodes.setdefault(way.provider, {})[way.level] = session.nodes()
            scores[one.vector.name] = found
            self._against_twin(one, found, scores, way)

    def _score(self, session: Session, one: DataSet, way: Way) -> Scores | None:
        where = (one.vector.case, way.provider, way.level)
        try:
            found = session.run(list(self._tolerances), one.inputs)
        except Exception as error:  # noqa: BLE001  # engines raise types of their own; each is a mismatch to be listed
            self.mismatches.append(Mismatch("", *where, f"{way.engine} failed: {error}"))
            return None
        max_abs = {}
        for name, tolerance in self._tolerances.items():
            what = breach(found[name], one.outputs[name], tolerance, way.engine)
            if what is not None:
                self.mismatches.append(Mismatch(name, *where, what))
                continue
            self.compared.append(Compared(name, *where, found[name], one.outputs[name]))
            max_abs[name] = float(abs(found[name] - one.outputs[name]).max(initial=0.0))
        self.runs.append(Run(*where, max_abs))
        return found

    def _against_twin(self, one: DataSet, found: Scores, scores: Mapping[str, Scores], way: Way) -> None:
        twin = scores.get(one.vector.twin or "")
        if twin is None:
            return
        order = list(one.vector.order) if one.vector.order is not None else slice(None)
        for name, tolerance in self._tolerances.items():
            what = breach(found[name], twin[name][order], tolerance, way.engine)
            if what is not None:
                what = f"its two data sets differ: {what}"
                self.mismatches.append(Mismatch(name, one.vector.case, way.provider, way.level, what))
