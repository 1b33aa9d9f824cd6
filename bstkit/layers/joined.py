"""Join what is known of one row into one vector, in the order that every head uses."""

from typing import Any

from keras import ops


def joined(pooled: Any, target: Any = None, context: Any = None) -> Any:
    """Lay the parts side by side, always in the order pooled, target, context; a part that is None is left out.

    The weights of a head's first layer depend on this order, and so does whoever copies weights into it.

    Args:
        pooled: float tensor `(batch, dim)`, the pooled behaviours of all branches.
        target: optional float tensor `(batch, dim')`, the candidate.
        context: optional float tensor `(batch, ctx)`.

    Returns:
        Float tensor `(batch, dim + dim' + ctx)`.
    """
    parts = [part for part in (pooled, target, context) if part is not None]
    return ops.concatenate(parts, axis=-1) if len(parts) > 1 else pooled


def joined_shape(*shapes: tuple[int | None, ...] | None) -> tuple[int | None, ...]:
    """The shape of `joined` from the shapes of its parts, in any order; None stands for a part that is left out."""
    given = [shape for shape in shapes if shape is not None]
    return (*given[0][:-1], sum(shape[-1] or 0 for shape in given))
