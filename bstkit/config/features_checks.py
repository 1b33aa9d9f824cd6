"""What must fit together in a features.toml, beyond the types of its values."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise

from bstkit.config.features import FIRST_ID, ContextId, ContextNumeric, Features, Space
from bstkit.config.history_checks import history_findings, log_columns_of
from bstkit.config.problems import Finding, Problem
from bstkit.config.split_checks import split_findings
from bstkit.data.checked.label_rule import parse_label
from bstkit.inputs import input_specs, negative_specs
from bstkit.spelling import did_you_mean

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def check_features(features: Features, label: str) -> list[Problem]:
    """List everything that does not fit together.

    Args:
        features: with types checked already.
        label: how problems name the file.
    """
    findings = [
        *_names(features),
        *_spaces(features),
        *(found for name, space in features.spaces.items() for found in _hashed(f"spaces.{name}", space)),
        *_one_space_a_column(features),
        *_labels(features),
        *_split_column(features),
        *history_findings(features),
        *split_findings(features),
        *(
            found
            for column, feature in features.context.items()
            if isinstance(feature, ContextNumeric)
            for found in _numeric(f"context.{column}", feature)
        ),
        *_input_names(features),
    ]
    return [Problem(label, *finding) for finding in findings]


def _names(features: Features) -> Iterator[Finding]:
    """Spaces, histories and tasks name files, inputs and outputs."""
    tables: dict[str, Iterable[str]] = {
        "spaces": features.spaces,
        "history": features.history,
        "log.labels": features.log.labels,
    }
    for table, names in tables.items():
        for name in names:
            if not _NAME.fullmatch(name):
                yield f'{table}."{name}"', "the name may hold letters, digits and underscores only", ""


def _spaces(features: Features) -> Iterator[Finding]:
    used = {f"target.{column}": space for column, space in features.target.items()}
    for name, history in features.history.items():
        used |= {f"history.{name}.fields.{column}": space for column, space in history.fields.items()}
    for column, feature in features.context.items():
        if isinstance(feature, ContextId):
            used[f"context.{column}.space"] = feature.space
    for path, space in used.items():
        if space not in features.spaces:
            hint = did_you_mean(space, features.spaces) or f"add it to [spaces]: {space} = {{ dim = 64 }}"
            yield path, f"there is no id space '{space}'", hint


def _hashed(path: str, space: Space) -> Iterator[Finding]:
    """A hashed space has no vocabulary that could be cut short, and its buckets are its rows."""
    if space.hash_buckets is None:
        return
    for key in ("min_count", "max_size"):
        if key in space.model_fields_set:
            message = "cuts a vocabulary, and hash_buckets takes the place of one"
            yield f"{path}.{key}", message, f"keep one of the two: take {key} or hash_buckets out"
    rows = space.hash_buckets + FIRST_ID
    if space.rows != rows:
        yield f"{path}.rows", f"is {space.rows}, and {space.hash_buckets} hash_buckets make {rows}", "take it out"


def _one_space_a_column(features: Features) -> Iterator[Finding]:
    """A column that holds one id a row is encoded once, so that every place that reads it must mean the same space."""
    used = [(f"target.{column}", column, space) for column, space in features.target.items()]
    for name, history in features.history.items():
        if history.source == "events":
            used += [(f"history.{name}.fields.{column}", column, space) for column, space in history.fields.items()]
    used += [
        (f"context.{column}.space", column, feature.space)
        for column, feature in features.context.items()
        if isinstance(feature, ContextId)
    ]
    first: dict[str, tuple[str, str]] = {}
    for path, column, space in used:
        place, before = first.setdefault(column, (path, space))
        if before != space and {before, space} <= features.spaces.keys():
            yield path, f"column '{column}' is of id space '{before}' at {place}", f"write '{before}' here too"


def _labels(features: Features) -> Iterator[Finding]:
    """A label that is also an input would be its own prediction."""
    inputs = _input_columns(features)
    if not features.log.labels and features.sampling is None:
        hint = 'name a label:  labels = { ctr = "click" }, or let negatives be drawn with a table [sampling]'
        yield "log.labels", "is empty: nothing says what was clicked", hint
    for task, condition in features.log.labels.items():
        column = parse_label(condition).column
        if not column:
            yield f"log.labels.{task}", "must name a column, or a condition such as 'rating >= 4'", ""
        elif column in inputs:
            yield f"log.labels.{task}", f"column '{column}' is an input too: the model would read its own label", ""
    for column, derived in features.columns.items():
        if derived.first_of == column:
            yield f"columns.{column}.first_of", "a column cannot be made from itself", ""


def _split_column(features: Features) -> Iterator[Finding]:
    """A model that reads which part a row is of learns the split, not the clicks."""
    column = features.split.column
    if column is None:
        return
    if column in _input_columns(features):
        yield "split.column", f"column '{column}' is an input too: the model would read it", "name a column of its own"
    for task, condition in features.log.labels.items():
        if parse_label(condition).column == column:
            yield "split.column", f"column '{column}' is the label of task '{task}' too", "name a column of its own"


def _input_columns(features: Features) -> set[str]:
    """The columns that the model reads, and those that they are made from."""
    columns = {*features.target, *features.context}
    for history in features.history.values():
        columns |= {*log_columns_of(history).values()}
    return columns | {features.columns[column].first_of for column in columns if column in features.columns}


def _numeric(path: str, feature: ContextNumeric) -> Iterator[Finding]:
    if feature.numeric == "standardise":
        for key in ("edges", "dim"):
            if getattr(feature, key) is not None:
                yield f"{path}.{key}", "belongs to numeric = 'bucket'", "take it out, or bucket the column"
        return
    if feature.dim is None:
        yield f"{path}.dim", "is missing: a bucket needs the width of its embedding", "dim = 8"
    if not feature.edges:
        yield f"{path}.edges", "is missing: a bucket needs its edges", "edges = [1.0, 10.0]"
    elif any(not low < high for low, high in pairwise(feature.edges)):
        yield f"{path}.edges", f"must rise; received {list(feature.edges)}", ""
    for key in ("mean", "std"):
        if getattr(feature, key) is not None:
            yield f"{path}.{key}", "belongs to numeric = 'standardise'", "take it out"


def _input_names(features: Features) -> Iterator[Finding]:
    """Every input and output needs a name of its own, what only some components ask for included."""
    users = defaultdict(list)
    every = tuple(features.history)
    specs = (*input_specs(features, ages=every, weights=every), *negative_specs(features, every))
    for spec in specs:
        at = {"target": "target", "context_id": "context", "context_numeric": "context"}.get(spec.role)
        users[spec.name].append(f"{at}.{spec.column}" if at else f"history.{spec.history}")
    for task in features.tasks:
        users[task].append(f"log.labels.{task}")
        users[f"{task}_logit"].append(f"log.labels.{task}")
    for name, paths in users.items():
        if len(paths) > 1:
            yield (
                paths[-1],
                f"the name '{name}' is taken by {paths[0]}",
                "each input and output needs its own",
            )
