"""Raw events at random, and the inputs that they must become, written down a second time and in another way."""

import hashlib
import json

import numpy as np

DTYPES = {"int32": np.int32, "int64": np.int64, "float32": np.float32, "string": object}


def random_events(contract, vocabularies, count, seed=0):
    """Events of every length, with known, unknown and missing keys, as strings and as numbers."""
    rng = np.random.default_rng(seed)
    strange = ["", "?", "??", "007", "-0", "9223372036854775808", "-9223372036854775808", "a\0b", "ключ", 0, -1, 2**70]
    strange += ["x" * length for length in (55, 56, 64, 500)]  # ends of SHA-256's blocks

    def key(space):
        kind = rng.integers(8)
        if kind == 0:
            return None
        if kind == 1:
            return strange[rng.integers(len(strange))]
        text = vocabularies[space][rng.integers(len(vocabularies[space]))]
        return int(text) if kind == 2 and text.lstrip("-").isdigit() and str(int(text)) == text else text

    def cell(one):
        if one.space is not None:
            return key(one.space)
        if rng.integers(8) == 0:
            return None
        return int(rng.integers(0, 10**7)) if one.role == "age" else float(np.round(rng.normal(1, 2), rng.integers(17)))

    def event():
        found = {"request": {"nested": [1, {"deep": [[[]]]}]}}
        for name in contract.histories:
            members = [one for one in contract.inputs if one.history == name]
            lengths = rng.integers(0, 9, rng.integers(0, 5)) if any(len(one.dims) == 3 for one in members) else None
            steps = rng.integers(0, 12)
            for one in members:
                if one.role == "length":
                    found |= {one.name: int(rng.integers(0, steps + 1))} if rng.integers(2) else {}
                elif lengths is not None:
                    found[one.name] = [[cell(one) for _ in range(length)] for length in lengths]
                elif steps or rng.integers(2):
                    found[one.name] = [cell(one) for _ in range(steps)]
        rows = [one for one in contract.inputs if one.history is None]
        return found | {one.name: cell(one) for one in rows if rng.integers(8)}

    return [event() for _ in range(count)]


def write_events(path, events):
    """Write JSON lines."""
    path.write_text("".join(f"{json.dumps(event, ensure_ascii=False)}\n" for event in events))
    return path


def scores_of(text):
    """Printed scores as float32 `(rows, outputs)`; nine digits are enough for each bit."""
    return np.array([list(json.loads(line).values()) for line in text.splitlines()], np.float32)


def expected_feeds(contract, vocabularies, events):
    """The inputs of one batch of events."""
    return {one.name: _column(one, contract, vocabularies, events) for one in contract.inputs}


def _column(one, contract, vocabularies, events):
    dtype = DTYPES[one.dtype]
    if one.role == "length":
        counts = [_steps_that_count(event, one.history, contract) for event in events]
        room = next(two.dims[1] for two in contract.inputs if two.history == one.history and two.role == "history")
        return np.array([min(count, room) if isinstance(room, int) else count for count in counts], dtype)
    if one.history is None:
        return np.array([_cell(one, contract, vocabularies, event.get(one.name)) for event in events], dtype)
    # One layout for both kinds of histories: an uncut one is a single session.
    rows = [event.get(one.name) or [] for event in events]
    if len(one.dims) == 2:
        counts = [_steps_that_count(event, one.history, contract) for event in events]
        rows = [[row[:count]] for row, count in zip(rows, counts, strict=True)]
    if isinstance(one.dims[-1], int):
        rows = [_recent(row, one.dims[1] if len(one.dims) == 3 else 1, one.dims[-1]) for row in rows]
        shape = (*([1] if len(one.dims) == 2 else []), *one.dims[1:])
    else:
        shape = (max([1, *map(len, rows)]), max([1, *(len(session) for row in rows for session in row)]))
    array = np.full((len(events), *shape), one.padding, dtype)
    for row, sessions in enumerate(rows):
        for place, session in enumerate(sessions):
            for step, value in enumerate(session):
                array[row, place, step] = _cell(one, contract, vocabularies, value)
    return array[:, 0] if len(one.dims) == 2 else array


def _recent(row, sessions, steps):
    """What fixed sizes have room for; empty sessions at the end take no place."""
    filled = max((place + 1 for place, session in enumerate(row) if session), default=0)
    return [session[-steps:] for session in row[:filled][-sessions:]]


def _steps_that_count(event, history, contract):
    members = [one for one in contract.inputs if one.history == history]
    stated = next((event.get(one.name) for one in members if one.role == "length"), None)
    steps = next(event.get(one.name) for one in members if one.role == "history")
    return len(steps or []) if stated is None else stated


def _cell(one, contract, vocabularies, value):
    if one.role == "age":
        return int(value or 0)
    if one.space is None:
        return np.nan if value is None else value
    key = None if value is None else str(value)
    space = contract.spaces[one.space]
    if space.hash is not None:
        return 2 + int(hashlib.sha256(key.encode()).hexdigest()[:16], 16) % space.hash_buckets if key else 1
    keys = vocabularies[one.space]
    if contract.ids == "encoded":
        return keys.index(key) + 2 if key in keys else 1
    # Nothing but a key of the vocabulary is told from any other: unknown ones may all be one.
    if key in keys:
        return int(key) if one.dtype == "int64" else key
    if one.history is None:
        return space.padding_key
    return 10**15 if one.dtype == "int64" else "no such key"
