"""Training many selections with several seeds, and telling them apart.

`space.py`: what is varied; `study.py`: which combination is next; `outcome.py`: one training and its file; `table.py`;
`job.py` puts them together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bstkit.sweep.job import sweep

__all__ = ["sweep"]


def __getattr__(name: str) -> Any:
    if name == "sweep":
        from bstkit.sweep.job import sweep

        return sweep
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
