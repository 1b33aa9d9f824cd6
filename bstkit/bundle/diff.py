"""`diff OLD NEW`: can a new bundle replace an old one without touching the caller?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bstkit.bundle.changes import Change, changes
from bstkit.bundle.score_changes import ScoreChanges, score_changes
from bstkit.bundle.scorer import BundleScorer
from bstkit.bundle.vocabulary_changes import vocabulary_changes
from bstkit.errors import BundleError, VerificationError


@dataclass(frozen=True)
class Diff:
    """The answer.

    Args:
        changes: every difference, breaking ones first.
        scores: how the scores changed.
    """

    changes: tuple[Change, ...]
    scores: ScoreChanges

    @property
    def breaking(self) -> int:
        """How many differences stand against it; 0 where the new bundle can replace the old one."""
        return sum(one.breaking for one in self.changes)

    def to_json(self) -> dict[str, Any]:
        """Everything, in types that `json` can write."""
        return {"can_replace": not self.breaking, **asdict(self)}


def diff_bundles(old: Path | str, new: Path | str, max_score_diff: float | None = None) -> Diff:
    """Compare two bundles; both are checked against their manifests first.

    Args:
        old: the bundle that callers use.
        new: the one that shall take its place.
        max_score_diff: how far scores on the golden inputs may be apart. None: they are told, and do not decide.

    Raises:
        BundleError: one of the two is no bundle, cannot be read, or was changed.
    """
    try:
        before, after = BundleScorer(old), BundleScorer(new)
        scores = score_changes(before, after)
    except VerificationError as error:  # its exit code would say that the answer is no
        raise BundleError(error.message, error.hint) from error
    found = [
        *changes(before.manifest, after.manifest),
        *vocabulary_changes(before.folder, before.manifest, after.folder, after.manifest),
        *_too_far(scores, max_score_diff),
    ]
    return Diff(tuple(sorted(found, key=lambda one: not one.breaking)), scores)


def _too_far(scores: ScoreChanges, allowed: float | None) -> Iterator[Change]:
    """Scores that are further apart than they may be."""
    if allowed is None:
        return
    if not scores.outputs:
        yield Change(True, "scores", "cannot be compared: none of the old golden inputs and outputs fit")
    for name, one in scores.outputs.items():
        if not one.max_abs <= allowed:
            yield Change(True, f"scores of {name}", f"max |diff| {one.max_abs:.2g} is above {allowed:g}")
