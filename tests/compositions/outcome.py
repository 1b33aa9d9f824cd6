"""What became of one composition."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Literal


@dataclass(frozen=True)
class Outcome:
    """The end of one composition.

    Args:
        name: the composition's.
        status: `"verified"`: composed, trained, reloaded with equal scores, exported, verified. `"refused"`: compose
            said why not. `"failed"`: anything else.
        reason: what was refused, or what failed; empty where verified.
        seconds: that it took, its share of the reload left out.
    """

    name: str
    status: Literal["verified", "refused", "failed"]
    reason: str
    seconds: float

    def to_json(self) -> str:
        """One line; `outcome_from_json` reads it back."""
        return json.dumps(asdict(self))


def outcome_from_json(line: str) -> Outcome:
    """Undo `Outcome.to_json`."""
    return Outcome(**json.loads(line))
