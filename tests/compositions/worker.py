"""What one working process does; apart from `__main__`, which a new process does not import."""

from __future__ import annotations

import gc
from collections.abc import Sequence

from tests.compositions.choices import composition_named
from tests.compositions.outcome import Outcome


def work(names: Sequence[str], quick: bool) -> list[Outcome]:
    """Replay one batch of compositions, given by their names."""
    from tests.compositions.replay import replay

    gc.collect()
    gc.freeze()  # TensorFlow's own objects: nothing of them is ever garbage
    gc.disable()  # clear_session collects, every few compositions
    return replay([composition_named(name) for name in names], quick)
