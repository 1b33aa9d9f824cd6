"""What verification measured, as it goes into report.json."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from bstkit.config.selection import Tolerance


@dataclass(frozen=True)
class Difference:
    """How far ONNX Runtime is from TensorFlow on one output, over every case, provider and level.

    Args:
        scores: how many were compared.
        max_abs, mean_abs, p99_abs: of `|onnx - tensorflow|`.
        max_rel, mean_rel, p99_rel: of `|onnx - tensorflow| / |tensorflow|`, where `|tensorflow|` is above the absolute
        tolerance.
    """

    scores: int
    max_abs: float
    mean_abs: float
    p99_abs: float
    max_rel: float
    mean_rel: float
    p99_rel: float


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
        outputs: output -> how far the two sides are apart.
        runs: every run, in order.
        providers: provider -> level -> ONNX Runtime's provider -> nodes that it ran.
        tolerances: output -> what was allowed.
        loosened: whether `[export]` allows more than the defaults.
        versions: package -> version.
        seconds: stage -> seconds.
        ids: `"encoded"`, or `"raw"` where the vocabularies are inside the graph.
        id_dtypes: id input -> `"int32"` for encoded ids; `"string"` or `"int64"` for raw ones.
        edge: of a file for devices; None for others.
    """

    recipe: str
    target: str
    opset: int
    ir_version: int
    lowest_onnxruntime: str
    bytes: int
    operations: dict[str, int]
    outputs: dict[str, Difference]
    runs: tuple[Run, ...]
    providers: dict[str, dict[str, dict[str, int]]]
    tolerances: dict[str, Tolerance]
    loosened: bool
    versions: dict[str, str]
    seconds: dict[str, float]
    ids: str
    id_dtypes: dict[str, str]
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
        tolerances = {name: tolerance.model_dump() for name, tolerance in self.tolerances.items()}
        apart = ("outputs", "runs", "tolerances", "edge")
        plain = {key: value for key, value in vars(self).items() if key not in apart}
        return {
            **plain,
            "nodes": self.nodes,
            "cases": list(self.cases),
            "outputs": {name: asdict(difference) for name, difference in self.outputs.items()},
            "tolerances": tolerances,
            "runs": [asdict(run) for run in self.runs],
            "edge": None if self.edge is None else asdict(self.edge),
        }
