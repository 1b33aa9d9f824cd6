"""Draw a composition as a tree: inputs, tables, sequences with their components, head, outputs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from bstkit.branches import Branch
from bstkit.compose import Composed, Step
from bstkit.config.features import ContextNumeric
from bstkit.config.selection import Stack
from bstkit.contracts import KINDS, TENSORS
from bstkit.inputs import InputSpec

Shape = tuple[int | None, ...]


@dataclass(frozen=True)
class Drawn:
    """One line of the drawing.

    Args:
        name: what it is.
        depth: 0 for a heading; a line belongs to the nearest one above it with a smaller depth.
        reads: what it is made from.
        makes: what it makes, with shape.
        parameters: weights of its own; None where it cannot have any.
        note: its settings, or where it comes from.
    """

    name: str
    depth: int
    reads: str = ""
    makes: str = ""
    parameters: int | None = None
    note: str = ""


def draw(composed: Composed) -> tuple[Drawn, ...]:
    """List the lines of a composition's drawing."""
    return (
        Drawn("inputs", 0),
        *(_input(composed, spec) for spec in composed.inputs),
        *(replace(_input(composed, spec), note="training only") for spec in _training_inputs(composed)),
        Drawn("tables", 0),
        *_tables(composed),
        Drawn("sequences", 0),
        *(line for branch in composed.branches for line in _branch(composed, branch)),
        Drawn("head", 0),
        *_head(composed),
        Drawn("outputs", 0),
        *(Drawn(name, 1, makes="float32 (batch, 1)") for name in composed.serving.output_names),
    )


def tree(lines: Iterable[Drawn]) -> Iterator[str]:
    """The names of the lines, each with the branches of the tree before it."""
    drawn = list(lines)
    open_at: list[bool] = []  # depth - 1 -> whether another line of that depth follows
    for number, line in enumerate(drawn):
        later = [other.depth for other in drawn[number + 1 :]]
        until = next((place for place, depth in enumerate(later) if depth < line.depth), len(later))
        more = line.depth in later[:until]
        if not line.depth:
            yield line.name
            continue
        open_at[line.depth - 1 :] = [more]
        before = "".join("│  " if still else "   " for still in open_at[:-1])
        yield f"{before}{'├─ ' if more else '└─ '}{line.name}"


def _training_inputs(composed: Composed) -> tuple[InputSpec, ...]:
    return composed.training_inputs[len(composed.inputs) :]


def _input(composed: Composed, spec: InputSpec) -> Drawn:
    feature = composed.features.context.get(spec.column)
    note, parameters = spec.space or "", None
    if spec.role == "context_numeric" and isinstance(feature, ContextNumeric):
        note = feature.numeric
        own = {f"{spec.column}_{rule}" for rule in ("bucket", "embedding", "standardised")}
        parameters = sum(layer.count_params() for layer in composed.serving.layers if layer.name in own)
    elif spec.role in ("length", "age", "weight"):
        note = {"length": "real steps", "age": "seconds", "weight": f"column {spec.column}"}[spec.role]
    return Drawn(spec.name, 1, makes=f"{spec.dtype} ({', '.join(spec.dims)})", parameters=parameters, note=note)


def _tables(composed: Composed) -> Iterator[Drawn]:
    for name, space in composed.features.spaces.items():
        inputs = [spec.name for spec in composed.training_inputs if spec.space == name]
        if inputs:
            rows = space.rows or 0
            yield Drawn(name, 1, ", ".join(inputs), f"{rows:,} x {space.dim}", rows * space.dim)


def _branch(composed: Composed, branch: Branch) -> Iterator[Drawn]:
    history = branch.history
    what = f"the {history.max_length} most recent steps"
    if branch.stack.session is not None:
        what = f"the {history.max_sessions} most recent sessions, {history.session_length} steps of each"
    what += ", then the candidate" if branch.append else ""
    yield Drawn(branch.name, 1, ", ".join(f"{branch.name}_{column}" for column in history.fields), note=what)
    steps = {step.use.path: step for step in composed.steps if step.branch == branch.name}
    if branch.stack.session is not None:
        yield Drawn("each session", 2)
        yield from _stack(composed, steps, branch.stack.session, 3, "batch x sessions")
    yield from _stack(composed, steps, branch.stack, 2)


def _stack(
    composed: Composed, steps: Mapping[str, Step], stack: Stack, depth: int, batch: str = "batch"
) -> Iterator[Drawn]:
    yield from (_step(composed, steps[use.path], depth, batch) for use in stack.sequence_uses)
    for one in stack.pooling:
        if isinstance(one, Stack):
            yield Drawn("inner branch", depth)
            yield from _stack(composed, steps, one, depth + 1, batch)
        else:
            yield _step(composed, steps[one.path], depth, batch)


def _head(composed: Composed) -> Iterator[Drawn]:
    step = composed.steps[-1]
    features = composed.features
    met = {column for branch in composed.branches if branch.meets_candidate for column in branch.history.fields}
    target = [column for column in features.target if column in met]
    context = [*features.context, *(column for column in features.target if column not in met)]
    parts = {"pooled": [branch.name for branch in composed.branches], "target": target, "context": context}
    for name in ("pooled", "target", "context"):
        if name in step.reads:
            yield Drawn(name, 1, ", ".join(parts[name]), _tensor(name, step.reads[name]))
    yield _step(composed, step, 1)


def _step(composed: Composed, step: Step, depth: int, batch: str = "batch") -> Drawn:
    kind = KINDS[step.use.kind]
    settings = ", ".join(f"{name}={value}" for name, value in step.use.parameters.items())
    tasks = composed.features.tasks if kind.name == "head" else (kind.writes,)
    writes = [f"{task}_logit" for task in tasks] if kind.name == "head" else [kind.writes]
    return Drawn(
        f"{step.use.key}{' (training only)' if step.training_only else ''}",
        depth,
        ", ".join(step.reads),
        "; ".join(_tensor(kind.writes, shape, batch, name) for name, shape in zip(writes, step.shapes, strict=True)),
        composed.training.get_layer(step.layer).count_params(),
        settings,
    )


def _tensor(tensor: str, shape: Shape, batch: str = "batch", name: str = "") -> str:
    """A tensor's name and shape, free dimensions by the names that the contract gives them."""
    names = [batch if dim == "batch" else str(dim) for dim in TENSORS[tensor].dims]
    sizes = [name if size is None else str(size) for name, size in zip(names, shape, strict=True)]
    return f"{name or tensor} ({', '.join(sizes)})" if sizes else name or tensor
