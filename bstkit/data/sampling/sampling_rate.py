"""What sampled negatives do to probabilities, and how to undo it.

Of the candidates that a positive was chosen among, only a share w is shown to the model as negatives. Positives are all
there, so at any inputs x the odds that the model learns are P(x) / (w N(x)) where the odds among all candidates are
P(x) / N(x): they are inflated by 1 / w, whatever x is. Hence logit = learned logit + log(w).

This holds where w does not depend on x: for uniform sampling of logs in which the number of candidates changes little.
A popular candidate drawn by `"popularity"` is held back more than its share: beside a positive with n draws candidate i
is expected n q_i times, q_i its share of the events so far, and the exact correction is logit + log(n q_i), the logQ
correction (Yi et al., 2019, doi:10.1145/3298689.3346996). A constant w then sets the mean right, not each candidate.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from bstkit.data.sampling.candidate_sampling import Draws


def sampling_rate(draws: Iterable[Draws]) -> float | None:
    """Return the share of the eligible candidates that was drawn, over all positives together.

    The shares of single positives are weighed by how many candidates they had: early positives had few, and the mean of
    their shares would overstate how many negatives there are in all.

    Returns:
        A number above 0; above 1 where candidates came twice. None where nothing could be drawn.
    """
    drawn = eligible = 0
    for block in draws:
        drawn += int(block.count.sum())
        eligible += int(block.eligible.sum())
    return drawn / eligible if drawn else None


def corrected_probability(probability: NDArray[np.floating], rate: float) -> NDArray[np.float64]:
    """Turn probabilities learned beside sampled negatives into those among all candidates.

    Args:
        probability: in [0, 1]; any shape.
        rate: from `sampling_rate`, above 0.

    Raises:
        ValueError: `rate` is not above 0.
    """
    if not rate > 0:
        raise ValueError(f"`rate` must be above 0. Received: rate={rate}")
    scaled = np.asarray(probability, np.float64) * rate
    corrected: NDArray[np.float64] = scaled / (scaled + 1.0 - probability)
    return corrected
