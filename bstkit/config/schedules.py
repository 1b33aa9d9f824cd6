"""What `[train] schedule` takes: how the learning rate moves from step to step."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from bstkit.config.model import Table
from bstkit.config.named import by_name, used


class Constant(Table):
    """The learning rate as it is, after an optional warmup.

    Args:
        warmup_steps: steps over which the learning rate first rises in a line to `train.learning_rate`.
        warmup_epochs: the same in epochs; only one of the two.
    """

    use: Literal["constant"] = "constant"
    warmup_steps: Annotated[int, Field(ge=0)] | None = None
    warmup_epochs: Annotated[float, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _one_unit(self) -> Self:
        for length in ("warmup", "decay"):
            given = [key for key in (f"{length}_steps", f"{length}_epochs") if getattr(self, key, None) is not None]
            if len(given) > 1:
                raise ValueError(f"takes {given[0]} or {given[1]}, not both")
        return self


class Decaying(Constant):
    """A learning rate that falls after the warmup.

    Args:
        warmup_steps, warmup_epochs: as Constant's.
        decay_steps: steps after the warmup over which it falls.
        decay_epochs: the same in epochs; only one of the two.
    """

    decay_steps: Annotated[int, Field(ge=1)] | None = None
    decay_epochs: Annotated[float, Field(gt=0)] | None = None


class Linear(Decaying):
    """Fall in a line, then stay.

    Args:
        warmup_steps, warmup_epochs: as Decaying's.
        decay_steps, decay_epochs: as Decaying's. Without them it falls until the last of `train.epochs`, which early
            stopping may never reach.
        floor: share of `train.learning_rate` at which it stays.
    """

    use: Literal["linear"] = "linear"  # type: ignore[assignment]  # each form has its own name
    floor: Annotated[float, Field(ge=0, le=1)] = 0.0


class Cosine(Linear):
    """Fall along half a cosine, then stay; Loshchilov and Hutter, 2017, arXiv:1608.03983, without restarts.

    Args:
        warmup_steps, warmup_epochs, decay_steps, decay_epochs, floor: as Linear's.
    """

    use: Literal["cosine"] = "cosine"  # type: ignore[assignment]  # each form has its own name


class Exponential(Decaying):
    """Fall by the same factor over and over, a little at each step.

    Args:
        warmup_steps, warmup_epochs: as Constant's.
        decay_steps, decay_epochs: how long one factor takes; without them an epoch.
        factor: what the learning rate is multiplied by in that time.
    """

    use: Literal["exponential"] = "exponential"  # type: ignore[assignment]  # each form has its own name
    factor: Annotated[float, Field(gt=0, le=1)] = 0.5


SCHEDULES = (Constant, Linear, Cosine, Exponential)

Schedule = Annotated[
    Annotated[Constant, Tag("constant")]
    | Annotated[Linear, Tag("linear")]
    | Annotated[Cosine, Tag("cosine")]
    | Annotated[Exponential, Tag("exponential")],
    Discriminator(used),
    by_name("schedule", *SCHEDULES),
]
