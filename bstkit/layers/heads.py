"""Cut the last axis into attention heads, and join them again, in reshapes that export as one node."""

from typing import Any

from keras import ops


def split_heads(tensor: Any, num_heads: int) -> Any:
    """Give each head its contiguous part of the last axis.

    Args:
        tensor: tensor `(batch, time, dim)`.
        num_heads: int >= 1, divides `dim`.

    Returns:
        Tensor `(batch, num_heads, time, dim / num_heads)`.
    """
    batch, time, dim = _shape(tensor)
    heads = ops.reshape(tensor, (batch, time, num_heads, dim // num_heads))
    return ops.transpose(heads, (0, 2, 1, 3))


def merge_heads(tensor: Any) -> Any:
    """Undo `split_heads`.

    Args:
        tensor: tensor `(batch, num_heads, time, head_dim)`.

    Returns:
        Tensor `(batch, time, num_heads * head_dim)`.
    """
    batch, heads, time, head_dim = _shape(tensor)
    return ops.reshape(ops.transpose(tensor, (0, 2, 1, 3)), (batch, time, heads * head_dim))


def _shape(tensor: Any) -> tuple[Any, ...]:
    """Give a reshape its dimensions: -1 for the batch where the rest is known, which is one node in ONNX."""
    static = tuple(tensor.shape)
    if None not in static[1:]:
        return (-1, *static[1:])
    return tuple(ops.shape(tensor))
