"""Does a features.toml say of a log what a bundle's contract asks for?"""

from __future__ import annotations

from collections.abc import Iterator

from bstkit.bundle.contract import Contract, HistoryRule, Input
from bstkit.config.features import Features, History
from bstkit.errors import ConfigError
from bstkit.inputs import InputSpec, input_specs


def check_features(features: Features, contract: Contract) -> None:
    """Compare features with a contract.

    Raises:
        ConfigError: inputs, id spaces or histories differ; everything is listed.
    """
    problems = [*_inputs(features, contract), *_spaces(features, contract), *_histories(features, contract)]
    if problems:
        raise ConfigError(
            "\n  ".join(["the features are not those that the bundle was made with:", *problems]),
            "give its own with --features; they lie in its run folder, RUN/features.toml",
        )


def _inputs(features: Features, contract: Contract) -> Iterator[str]:
    def histories(role: str) -> list[str]:
        return [one.history for one in contract.inputs if one.role == role and one.history is not None]

    cut = [one.history for one in contract.inputs if len(one.dims) == 3 and one.history is not None]
    specs = input_specs(features, ages=histories("age"), weights=histories("weight"), sessions=cut)
    stated = {one.name: _described(one) for one in contract.inputs}
    found = {spec.name: _described(spec) for spec in specs}
    for name in dict.fromkeys((*stated, *found)):
        if name not in found:
            yield f"input '{name}' ({stated[name]}) is not among them"
        elif name not in stated:
            yield f"they have an input '{name}' ({found[name]}), which the bundle does not take"
        elif stated[name] != found[name]:
            yield f"input '{name}' is {found[name]} instead of {stated[name]}"


def _described(one: Input | InputSpec) -> str:
    where = f" of history '{one.history}'" if one.history is not None else ""
    space = f", id space '{one.space}'" if one.space is not None else ""
    return f"{one.role} from column '{one.column}'{where}{space}"


def _spaces(features: Features, contract: Contract) -> Iterator[str]:
    for name, rule in contract.spaces.items():
        space = features.spaces.get(name)
        # One that is not there is named with its inputs.
        if space is not None and space.hash_buckets != rule.hash_buckets:
            yield f"id space '{name}' has {_buckets(space.hash_buckets)} instead of {_buckets(rule.hash_buckets)}"


def _buckets(count: int | None) -> str:
    return "a vocabulary" if count is None else f"hash_buckets = {count}"


def _histories(features: Features, contract: Contract) -> Iterator[str]:
    for name, rule in contract.histories.items():
        history = features.history.get(name)
        if history is None:
            continue  # its inputs are listed as missing
        for key, stated, found in _rules(rule, history):
            if stated != found:
                yield f"history '{name}' has {key} = {found!r} instead of {stated!r}"


def _rules(rule: HistoryRule, history: History) -> Iterator[tuple[str, object, object]]:
    yield "source", rule.source, history.source
    yield "events", rule.events, history.events
    yield "max_age_s", rule.max_age_s, history.max_age_s
    if rule.max_sessions is None:
        yield "max_length", rule.max_length, history.max_length
        return
    for key in ("max_sessions", "session_length", "session_gap_s"):
        yield key, getattr(rule, key), getattr(history, key)
