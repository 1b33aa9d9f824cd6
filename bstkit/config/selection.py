"""A resolved selection: which component fills each slot with which parameters, and how to train and export."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from bstkit.config.model import Table
from bstkit.config.optimizers import Adam, Optimizer
from bstkit.config.schedules import Constant, Schedule
from bstkit.disabling import BY_RUN
from bstkit.export import TargetName


class Use(Table):
    """One component in one slot.

    Args:
        key: `kind.name`.
        path: the slot's dotted path, which names its overrides: `"pooling"`, `"encoder.1"`.
        parameters: what registry.toml and --set say; the constructor's defaults are not repeated here.
    """

    key: str
    path: str
    parameters: dict[str, Any] = Field(default_factory=dict)

    @property
    def kind(self) -> str:
        """The kind, which differs from the slot for `score.*` and `objective.*` in an encoder list."""
        return self.key.partition(".")[0]

    @property
    def name(self) -> str:
        """The name without the kind."""
        return self.key.partition(".")[2]


class Stack(Table):
    """What one sequence goes through, in this order.

    Args:
        session: what each session goes through, where the history is cut into sessions; the vectors of the sessions are
            then the sequence. None: the history is one sequence.
        position: None where left out.
        encoder: encoders, and `score.*` and `objective.*` between them.
        pooling: components, and inner branches: stacks that go on from the encoded sequence. What they return is
            concatenated in order.
    """

    session: Stack | None = None
    position: Use | None = None
    encoder: tuple[Use, ...] = ()
    pooling: tuple[Use | Stack, ...] = ()

    @property
    def sequence_uses(self) -> tuple[Use, ...]:
        """The components that change or weigh the sequence, in order: not those of sessions and poolings."""
        return (*((self.position,) if self.position else ()), *self.encoder)

    @property
    def outer_uses(self) -> tuple[Use, ...]:
        """Every component but those of the sessions, in the order in which compose calls them."""
        poolings = (one.uses if isinstance(one, Stack) else (one,) for one in self.pooling)
        return (*self.sequence_uses, *(use for uses in poolings for use in uses))

    @property
    def uses(self) -> tuple[Use, ...]:
        """Every component, in the order in which compose calls them."""
        return (*(self.session.uses if self.session else ()), *self.outer_uses)


class TrainSettings(Table):
    """The `[train]` table.

    Args:
        epochs: at most so many; early stopping usually ends sooner.
        batch_size: rows a step, those of all workers together.
        optimizer: its name, or `{ use = name, parameter = value }`; see `bstkit.config.optimizers`.
        learning_rate: the optimizer's, at its highest.
        schedule: how the learning rate moves: its name, or `{ use = name, parameter = value }`; see
            `bstkit.config.schedules`.
        clip_norm: gradients that are longer than this, all of them together, are scaled down to it; 0: never.
        embedding_l2: pull on the rows of embedding tables that a batch shows, the usual cure where a click log is
            learned in one epoch and forgotten in the second; `bstkit.training.optimizers.row_gradients` says how. 0:
            none.
        class_weight: task -> factor of the loss of its positive rows; 1 where a task is not named. Scores are no longer
            probabilities: their odds come out about that many times too high, and so does the validation log loss.
        patience: epochs without a better validation log loss before training stops; the best weights are kept.
        seed: of weights, shuffling, dropout and sampled negatives.
        loss_weights: task -> factor of its loss; 1 where a task is not named.
        bucketing: rows whose histories are about equally long share a batch, so that little of it is padding. It is
            off by itself where the model pads every history to its maximum anyway.
        join_timeout_s: how long a worker waits for the others, where TF_CONFIG names several; see
            `bstkit.training.workers`.
        checkpoint_steps: a checkpoint is written every so many steps, and after each epoch; 0: only after each epoch.
            It does not change what is learned. A checkpoint is about four times as large as the weights.
        precision: floats that training computes in; weights, and the model that is kept, scored and served, are
            float32 in each. `"mixed_bfloat16"` and `"mixed_float16"` pay on GPUs and TPUs alone; processors without
            them get slower. Validation after each epoch scores with the model as it is trained. Weights of a log past
            65,504 need bfloat16.
        init_partial: with `--init-from`, weights that do not fit the new model start anew; otherwise they are an error.
            Where the columns of features.toml differ, the tables of id spaces alone are kept.
    """

    epochs: Annotated[int, Field(ge=1)] = 20
    batch_size: Annotated[int, Field(ge=1)] = 256
    optimizer: Optimizer = Adam()
    learning_rate: Annotated[float, Field(gt=0)] = 0.001
    schedule: Schedule = Constant()
    clip_norm: Annotated[float, Field(ge=0)] = 0.0
    embedding_l2: Annotated[float, Field(ge=0)] = 0.0
    class_weight: dict[str, Annotated[float, Field(gt=0)]] = Field(default_factory=dict)
    patience: Annotated[int, Field(ge=1)] = 3
    seed: Annotated[int, Field(ge=0)] = 0
    loss_weights: dict[str, Annotated[float, Field(ge=0)]] = Field(default_factory=dict)
    bucketing: bool = True
    join_timeout_s: Annotated[float, Field(gt=0)] = 600.0
    checkpoint_steps: Annotated[int, Field(ge=0)] = 1000
    precision: Literal["float32", "mixed_bfloat16", "mixed_float16"] = "float32"
    init_partial: bool = False


class Tolerance(Table):
    """`|a - b| <= atol + rtol * |b|`."""

    atol: Annotated[float, Field(ge=0)]
    rtol: Annotated[float, Field(ge=0)]


class ExportSettings(Table):
    """The `[export]` table.

    Args:
        opset: ai.onnx opset, 17 (ONNX Runtime 1.12 and later) or 18 (1.14 and later).
        target: what the file is made for, one of `bstkit.export.targets.TARGETS`.
        ids: `"encoded"`: the graph takes the numbers of the vocabularies; `"raw"`: the log's own ids, with the
            vocabularies inside the graph, which cannot hash: not with `hash_buckets`.
        edge_batch: rows that a file of the target `"edge"` scores at once.
        probability: tolerance on probabilities.
        logit: tolerance on logits.
        licence: of the weights, as report and model card state it: `"CC-BY-4.0"`, `"internal use only"`.
    """

    opset: Literal[17, 18] = 18
    target: TargetName = "portable"
    ids: Literal["encoded", "raw"] = "encoded"
    edge_batch: Annotated[int, Field(ge=1)] = 1
    probability: Tolerance = Tolerance(atol=1e-5, rtol=0.0)
    logit: Tolerance = Tolerance(atol=1e-5, rtol=1e-4)
    licence: str = ""


class Selection(Stack):
    """Everything that registry files, environment and flags decided, and where each value came from.

    Its own slots are the stack of every history whose fields the candidate has.

    Args:
        recipe: the recipe's name.
        candidate: `"append"`: the target is one more step of the sequence; `"apart"`: the head is given it.
        length: `"fixed"`: every sequence is padded to its maximum inside the model; `"free"`: only where a component
            requires it.
        head: the head.
        branches: history -> a stack of its own.
        rows: column -> table rows to assume when there is no data.
        train, export: settings.
        components: `kind.name` -> `"file.py:Class"`, one-off layers of local files.
        prefer: `kind.name` -> distribution, settles clashes.
        disable: distributions whose plugins are not loaded, whether a file, the environment or a flag said so.
        origins: dotted path -> where its value came from.
    """

    recipe: str
    candidate: Literal["append", "apart"]
    length: Literal["free", "fixed"] = "free"
    head: Use
    branches: dict[str, Stack] = Field(default_factory=dict)
    rows: dict[str, int] = Field(default_factory=dict)
    train: TrainSettings = TrainSettings()
    export: ExportSettings = ExportSettings()
    components: dict[str, str] = Field(default_factory=dict)
    prefer: dict[str, str] = Field(default_factory=dict)
    disable: tuple[str, ...] = ()
    origins: dict[str, str] = Field(default_factory=dict)

    @property
    def uses(self) -> tuple[Use, ...]:
        """Every used component, in the order in which compose calls them."""
        own = (stack.uses for stack in self.branches.values())
        return (*super().uses, *(use for uses in own for use in uses), self.head)

    def of_run(self) -> Selection:
        """The same, read from a run folder: whatever disabled plugins when it was trained, the run does now."""
        disabled = {f"plugins.disable.{name}": BY_RUN for name in self.disable}
        return self.model_copy(update={"origins": self.origins | disabled})

    def with_export(self, origin: str, **settings: Any) -> Selection:
        """The same with other `[export]` settings; those that are None stay as they are."""
        given = {name: value for name, value in settings.items() if value is not None}
        origins = {**self.origins, **{f"export.{name}": origin for name in given}}
        return self.model_copy(update={"export": self.export.model_copy(update=given), "origins": origins})
