"""Run a file on data sets whose scores are known, and note every difference."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bstkit.bundle.vectors import DataSet
from bstkit.config.selection import Tolerance
from bstkit.errors import ProviderError
from bstkit.export.compare import Mismatch, breach
from bstkit.export.providers import LEVELS, make_session, nodes_by_provider
from bstkit.export.report import Run


class Measured:
    """What the runs of one file gave, on every provider at every level.

    Args:
        data_sets: inputs as the file takes them, and the scores that they must give.
        tolerances: output -> what may differ.

    Attributes:
        mismatches: everything that is not right.
        runs: every run that is, in order.
        pairs: output -> (scores, expected) of every run that is right.
        providers: provider -> level -> ONNX Runtime's provider -> nodes that it ran.
    """

    def __init__(self, data_sets: Sequence[DataSet], tolerances: Mapping[str, Tolerance]) -> None:
        self._data_sets = data_sets
        self._tolerances = tolerances
        self.mismatches: list[Mismatch] = []
        self.runs: list[Run] = []
        self.pairs: dict[str, list[tuple[Any, Any]]] = {name: [] for name in tolerances}
        self.providers: dict[str, dict[str, dict[str, int]]] = {}

    def run_all(self, path: Path, providers: Sequence[str], levels: Sequence[str] = tuple(LEVELS)) -> None:
        """Run a file on every provider at every level.

        Raises:
            ProviderError: a provider did not run.
        """
        with tempfile.TemporaryDirectory(prefix="bstkit-") as scratch:
            for provider in providers:
                for level in levels:
                    self._run(path, provider, level, Path(scratch))

    def _run(self, path: Path, provider: str, level: str, scratch: Path) -> None:
        """Score every data set on one provider at one level."""
        try:
            session = make_session(path, provider, level, scratch / "profile")
        except ProviderError:
            raise
        except Exception as error:  # noqa: BLE001  # ONNX Runtime raises types of its own; each is a mismatch to be listed
            self.mismatches.append(Mismatch("", "", provider, level, f"ONNX Runtime cannot load the model: {error}"))
            return
        scores: dict[str, dict[str, Any]] = {}
        for number, one in enumerate(self._data_sets):
            found = self._score(session, one, provider, level)
            if found is None:
                continue
            scores[one.vector.name] = found
            self._against_twin(one, found, scores, provider, level)
            if number == 0:
                self.providers.setdefault(provider, {})[level] = nodes_by_provider(session, provider)

    def _score(self, session: Any, one: DataSet, provider: str, level: str) -> dict[str, Any] | None:
        names = list(self._tolerances)
        try:
            found = dict(zip(names, session.run(names, one.inputs), strict=True))
        except Exception as error:  # noqa: BLE001  # ONNX Runtime raises types of its own; each is a mismatch to be listed
            self.mismatches.append(Mismatch("", one.vector.case, provider, level, f"ONNX Runtime failed: {error}"))
            return None
        max_abs = {}
        for name, tolerance in self._tolerances.items():
            what = breach(found[name], one.outputs[name], tolerance)
            if what is not None:
                self.mismatches.append(Mismatch(name, one.vector.case, provider, level, what))
                continue
            self.pairs[name].append((found[name], one.outputs[name]))
            max_abs[name] = float(abs(found[name] - one.outputs[name]).max(initial=0.0))
        self.runs.append(Run(one.vector.case, provider, level, max_abs))
        return found

    def _against_twin(
        self, one: DataSet, found: dict[str, Any], scores: dict[str, dict[str, Any]], provider: str, level: str
    ) -> None:
        twin = scores.get(one.vector.twin or "")
        if twin is None:
            return
        order = list(one.vector.order) if one.vector.order is not None else slice(None)
        for name, tolerance in self._tolerances.items():
            what = breach(found[name], twin[name][order], tolerance)
            if what is not None:
                what = f"its two data sets differ: {what}"
                self.mismatches.append(Mismatch(name, one.vector.case, provider, level, what))
