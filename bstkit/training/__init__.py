"""Training: fit a composed model, score it, write the run folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bstkit.training.job import train

__all__ = ["train"]


def __getattr__(name: str) -> Any:
    if name == "train":
        from bstkit.training.job import train

        return train
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
