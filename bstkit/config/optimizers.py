"""What `[train] optimizer` takes: names, their parameters, and the defaults, which are Keras's own."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from bstkit.config.model import Table
from bstkit.config.named import by_name, used

Decay = Annotated[float, Field(ge=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]


class Adam(Table):
    """Adam, Kingma and Ba, 2014, arXiv:1412.6980.

    Args:
        beta_1, beta_2: how much of the first and the second moment stays at each step.
        epsilon: added to the root of the second moment.
        amsgrad: never let the second moment shrink; Reddi et al., 2018.
    """

    use: Literal["adam"] = "adam"
    beta_1: Decay = 0.9
    beta_2: Decay = 0.999
    epsilon: Positive = 1e-7
    amsgrad: bool = False


class LazyAdam(Table):
    """Adam that updates only the table rows that a batch shows, so that a step costs the same however long the tables.

    Rows that are not shown keep their weights and moments; `bstkit.training.optimizers.lazy_adam` says how that differs
    from Adam.

    Args:
        beta_1, beta_2, epsilon: as Adam's.
    """

    use: Literal["lazy_adam"] = "lazy_adam"
    beta_1: Decay = 0.9
    beta_2: Decay = 0.999
    epsilon: Positive = 1e-7


class AdamW(Table):
    """Adam with decoupled weight decay, Loshchilov and Hutter, 2019, arXiv:1711.05101.

    Args:
        weight_decay: share of every weight, times the learning rate, that each step takes off; whole embedding tables
            included, so that rows which no batch shows fade.
        beta_1, beta_2, epsilon, amsgrad: as Adam's.
    """

    use: Literal["adamw"] = "adamw"
    weight_decay: NotNegative = 0.004
    beta_1: Decay = 0.9
    beta_2: Decay = 0.999
    epsilon: Positive = 1e-7
    amsgrad: bool = False


class Adagrad(Table):
    """Adagrad, Duchi et al., 2011; the usual learning rate is ten times Adam's and more.

    Args:
        initial_accumulator_value: where the sums of squared gradients begin.
        epsilon: added to the sum under the root.
    """

    use: Literal["adagrad"] = "adagrad"
    initial_accumulator_value: NotNegative = 0.1
    epsilon: Positive = 1e-7


class Ftrl(Table):
    """FTRL-Proximal, McMahan et al., 2013: known from linear click models over sparse features.

    Args:
        learning_rate_power: at most 0; 0: the learning rate does not fall.
        initial_accumulator_value: where the sums of squared gradients begin.
        l1_regularization_strength, l2_regularization_strength: penalties on every weight that a step touches.
        beta: added to the root of the sum.
    """

    use: Literal["ftrl"] = "ftrl"
    learning_rate_power: Annotated[float, Field(le=0)] = -0.5
    initial_accumulator_value: NotNegative = 0.1
    l1_regularization_strength: NotNegative = 0.0
    l2_regularization_strength: NotNegative = 0.0
    beta: NotNegative = 0.0


class Lamb(Table):
    """LAMB, You et al., 2020, arXiv:1904.00962: Adam with a step for each weight in proportion to it; large batches.

    Args:
        beta_1, beta_2, epsilon: as Adam's.
    """

    use: Literal["lamb"] = "lamb"
    beta_1: Decay = 0.9
    beta_2: Decay = 0.999
    epsilon: Positive = 1e-7


class Sgd(Table):
    """Gradient descent; the usual learning rate is ten times Adam's and more.

    Args:
        momentum: how much of the last step each step repeats.
        nesterov: look ahead, Nesterov's form of momentum.
    """

    use: Literal["sgd"] = "sgd"
    momentum: Decay = 0.0
    nesterov: bool = False


OPTIMIZERS = (Adam, LazyAdam, AdamW, Adagrad, Ftrl, Lamb, Sgd)

Optimizer = Annotated[
    Annotated[Adam, Tag("adam")]
    | Annotated[LazyAdam, Tag("lazy_adam")]
    | Annotated[AdamW, Tag("adamw")]
    | Annotated[Adagrad, Tag("adagrad")]
    | Annotated[Ftrl, Tag("ftrl")]
    | Annotated[Lamb, Tag("lamb")]
    | Annotated[Sgd, Tag("sgd")],
    Discriminator(used),
    by_name("optimizer", *OPTIMIZERS),
]
