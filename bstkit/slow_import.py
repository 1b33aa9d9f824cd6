"""Tell a plugin that is slow to load, and what it probably imports that takes so long."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Collection

from bstkit.plugin import Remark

SLOW_MS = 300.0
"""Every command loads every plugin. `bstkit list` takes some 350 ms, a hook module that imports nothing heavy a few,
NumPy about 100, Keras 5,000: past this limit one plugin about doubles every command; below it nobody notices."""

_LARGE = 20
"""Modules that a package must bring to be named: what a second of importing is made of."""


def slow_remark(load_ms: float, before: Collection[str], own_package: str) -> tuple[Remark, ...]:
    """A remark on a plugin that took longer than `SLOW_MS`, none otherwise.

    Args:
        load_ms: milliseconds that loading it took.
        before: names of the modules that were imported before.
        own_package: the plugin's own top-level package.
    """
    if load_ms <= SLOW_MS:
        return ()
    new = Counter(name.partition(".")[0] for name in set(sys.modules) - set(before))
    large = [f"{name} ({count:,} modules)" for name, count in new.most_common(4) if count >= _LARGE]
    large = [one for one in large if one.partition(" ")[0] != own_package][:3]
    if large:
        why = f"loading it imported {', '.join(large)}; import those where the layers are, not where the hooks are"
    else:
        why = "it imported nothing large, so its own code takes the time"
    return (
        Remark("slow", f"took {load_ms:,.0f} ms to load, which every command waits for (limit {SLOW_MS:.0f}): {why}"),
    )
