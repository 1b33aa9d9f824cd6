"""What the runs of one file give, compared with TensorFlow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bstkit.config.selection import Tolerance
from bstkit.errors import ProviderError
from bstkit.export.cases import Array, Case, Feeds
from bstkit.export.compare import Mismatch, breach
from bstkit.export.intake import Intake
from bstkit.export.report import Run
from bstkit.export.scored_file import ScoredFile

Scores = Mapping[str, Array]


@dataclass
class Measured:
    """Runs files on cases and collects what they give.

    Args:
        cases: what to score.
        expected: TensorFlow's scores of some rows.
        tolerances: output -> what may differ.
        intake: how the files take rows.
    """

    cases: Sequence[Case]
    expected: Callable[[Feeds], Scores]
    tolerances: Mapping[str, Tolerance]
    intake: Intake
    mismatches: list[Mismatch] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.pairs: dict[str, list[tuple[Array, Array]]] = {name: [] for name in self.tolerances}

    def run(self, path: Path, provider: str, level: str, scratch: Path) -> dict[str, int]:
        """Score every case with one file on one provider at one level.

        Returns:
            ONNX Runtime's provider -> nodes that it ran; empty where none could be run.
        """
        try:
            file = ScoredFile(path, provider, level, scratch)
        except ProviderError:
            raise
        except Exception as error:  # noqa: BLE001  # ONNX Runtime raises types of its own; each is a mismatch to be listed
            what = f"ONNX Runtime cannot load the model: {error}"
            self.mismatches.append(Mismatch("", "", provider, level, what, path.name))
            return {}
        where = _Where(path.name, provider, level)
        for case in self.cases:
            self._score(file, case, where)
        return file.nodes

    def _score(self, file: ScoredFile, case: Case, where: _Where) -> None:
        """Score a case and its twin, compare both with TensorFlow and with each other."""
        scores = self._against_tensorflow(file, case.name, case.feeds, where)
        if scores is None or case.twin is None:
            return
        twin = self._against_tensorflow(file, case.name, case.twin, where)
        if twin is not None:
            for output, tolerance in self.tolerances.items():
                what = breach(twin[output], scores[output][case.order], tolerance)
                if what is not None:
                    self._mismatch(output, case.name, f"its two data sets differ: {what}", where)

    def _against_tensorflow(self, file: ScoredFile, case: str, feeds: Feeds, where: _Where) -> Scores | None:
        expected = self.expected(feeds)
        try:
            scores = file.score(self.intake.pieces(feeds), list(self.tolerances))
        except ProviderError:
            raise
        except Exception as error:  # noqa: BLE001  # ONNX Runtime raises types of its own; each is a mismatch to be listed
            self._mismatch("", case, f"ONNX Runtime failed: {error}", where)
            return None
        max_abs = {}
        for output, tolerance in self.tolerances.items():
            what = breach(scores[output], expected[output], tolerance)
            if what is not None:
                self._mismatch(output, case, what, where)
                continue
            self.pairs[output].append((scores[output], expected[output]))
            max_abs[output] = float(abs(scores[output] - expected[output]).max(initial=0.0))
        self.runs.append(Run(case, where.provider, where.level, max_abs, where.file))
        return scores

    def _mismatch(self, output: str, case: str, what: str, where: _Where) -> None:
        self.mismatches.append(Mismatch(output, case, where.provider, where.level, what, where.file))


@dataclass(frozen=True)
class _Where:
    file: str
    provider: str
    level: str
