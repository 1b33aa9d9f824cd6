"""What verification measured, as it goes into report.json."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from bstkit.config.selection import Tolerance
from bstkit.export import TargetName
from bstkit.export.run_facts import RunFacts

if TYPE_CHECKING:
    from bstkit.export.assignment import NodeRun
    from bstkit.export.held_out import HeldOut
    from bstkit.export.licences import Licences
    from bstkit.export.plugin_passes import PassRun
    from bstkit.export.score_bins import ScoreBins
    from bstkit.export.score_histogram import ScoreHistogram

PRECISION = "float32"
"""Of weights and arithmetic; quantised files do not come from here."""


@dataclass(frozen=True)
class Difference:
    """How far an engine is from TensorFlow on one output.

    Args:
        scores: how many were compared.
        max_abs, mean_abs, p99_abs: of `|onnx - tensorflow|`.
        max_rel, mean_rel, p99_rel: of `|onnx - tensorflow| / |tensorflow|`, where `|tensorflow|` is above the absolute
            tolerance.
        max_ulp, p99_ulp: of the float32 steps between the two; near zero a step is tiny, and their number says little.
        nan, inf: how many of the engine's scores are that.
        ranking: of the pairs of rows of one data set that TensorFlow holds apart, the share that the engine puts into
            the same order, ties counting half; None where there is no such pair.
    """

    scores: int
    max_abs: float
    mean_abs: float
    p99_abs: float
    max_rel: float
    mean_rel: float
    p99_rel: float
    max_ulp: int
    p99_ulp: float
    nan: int
    inf: int
    ranking: float | None


@dataclass(frozen=True)
class Run:
    """One case on one provider at one optimisation level; `max_abs` is by output, `file` the name of what was run."""

    case: str
    provider: str
    level: str
    max_abs: dict[str, float]
    file: str


@dataclass(frozen=True)
class Usability:
    """The verdict for one accelerator.

    Args:
        verdict: `"yes"`, `"maybe"` or `"no"`: whether it is worth using. Where it is not, ONNX Runtime's CPU provider
            runs the model all the same.
        nodes: of the graph, after the optimisation that the `.ort` file has.
        supported: nodes that it can run.
        partitions: pieces that those make; between them the data go to the CPU and back.
        unsupported: operations that it cannot run.
        dynamic, rank: nodes that it cannot run for a shape that is not fixed, or has too many dimensions.
    """

    verdict: str
    nodes: int
    supported: int
    partitions: int
    unsupported: tuple[str, ...]
    dynamic: int
    rank: int


@dataclass(frozen=True)
class Edge:
    """A file for devices.

    Args:
        sizes: name of each dimension -> its number. Rows were sent in pieces of `batch` rows, the last one filled up
            with padding whose scores were dropped; histories were filled up to the other sizes.
        cut: cases with longer histories; what was sent of them are the most recent steps.
        ort: name of the file in ONNX Runtime's own format.
        bytes: of that file.
        level: the optimisation that it was written with.
        format: version of the format.
        lowest_onnxruntime: that loads it.
        usability: accelerator -> verdict of ONNX Runtime's mobile usability checker.
    """

    sizes: dict[str, int]
    cut: tuple[str, ...]
    ort: str
    bytes: int
    level: str
    format: str
    lowest_onnxruntime: str
    usability: dict[str, Usability]


@dataclass(frozen=True)
class Report:
    """A model that passed verification.

    Args:
        recipe: what the model was composed from.
        target: what the file was made for.
        opset, ir_version, lowest_onnxruntime: of the file.
        bytes: of the file and its external data.
        operations: operation -> number of nodes.
        outputs: output -> how far the two sides are apart, over every case, provider and level.
        runs: every run, in order.
        providers: provider -> level -> ONNX Runtime's provider -> nodes that it ran.
        tolerances: output -> what was allowed.
        why: output -> why that much.
        loosened: whether `[export]` allows more than the defaults.
        versions: package -> version.
        seconds: stage -> seconds.
        ids: `"encoded"`, or `"raw"` where the vocabularies are inside the graph.
        id_dtypes: id input -> `"int32"` for encoded ids; `"string"` or `"int64"` for raw ones.
        by_case: case -> output -> how far; the held-out rows are the case `held_out`, run at level `all` alone.
        by_level: provider -> level -> output -> how far.
        assignment: provider -> every node that ran at level `all`, and where.
        copies: provider -> level -> nodes that copied a value between devices.
        held_out: task -> quality on held-out rows; empty where there are none, or they have no labels.
        scores: task -> where TensorFlow's probabilities lie.
        distributions: task -> the probabilities of both sides on held-out rows; empty where there are none.
        passes: of plugins, in the order in which the graph went through them, after bstkit's own; empty where nothing
            was exported.
        run: data, training and metrics of the run behind the model.
        licences: of code and weights; None where nothing was exported.
        precision: of weights and arithmetic.
        edge: of a file for devices; None for others.
    """

    recipe: str
    target: TargetName
    opset: int
    ir_version: int
    lowest_onnxruntime: str
    bytes: int
    operations: dict[str, int]
    outputs: dict[str, Difference]
    runs: tuple[Run, ...]
    providers: dict[str, dict[str, dict[str, int]]]
    tolerances: dict[str, Tolerance]
    why: dict[str, str]
    loosened: bool
    versions: dict[str, str]
    seconds: dict[str, float]
    ids: str
    id_dtypes: dict[str, str]
    by_case: dict[str, dict[str, Difference]]
    by_level: dict[str, dict[str, dict[str, Difference]]]
    assignment: dict[str, tuple[NodeRun, ...]]
    copies: dict[str, dict[str, int]]
    held_out: dict[str, HeldOut] = field(default_factory=dict)
    scores: dict[str, ScoreBins] = field(default_factory=dict)
    distributions: dict[str, ScoreHistogram] = field(default_factory=dict)
    passes: tuple[PassRun, ...] = ()
    run: RunFacts = field(default_factory=RunFacts)
    licences: Licences | None = None
    precision: str = PRECISION
    edge: Edge | None = None

    @property
    def nodes(self) -> int:
        """Nodes of the graph."""
        return sum(self.operations.values())

    @property
    def cases(self) -> tuple[str, ...]:
        """Names of the cases, in order."""
        return tuple(dict.fromkeys(run.case for run in self.runs))

    def to_json(self) -> dict[str, Any]:
        """Everything, in types that `json` can write."""
        content = asdict(self)  # which leaves tolerances as they are
        return {
            **{key: value for key, value in content.items() if key not in ("run", "why")},
            **content["run"],
            "nodes": self.nodes,
            "cases": list(self.cases),
            "tolerances": {
                name: {**tolerance.model_dump(), "why": self.why[name]} for name, tolerance in self.tolerances.items()
            },
        }
