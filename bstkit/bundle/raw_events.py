"""From raw events to the inputs of a model, by rules that the C++ client follows, too.

An event is a JSON object; in a file, one a line (`bstkit.bundle.event_lines`). Its keys are the contract's input names,
other keys are ignored.

* Role `target`, `context_id`: a string, or a whole number, whose decimal text is the key. null or missing: unknown.
* Role `history`: an array of such keys, oldest first; null in it is a real step whose id is unknown. null, missing or
  []: an empty history. A history that is cut into sessions (three dimensions): an array of such arrays.
* Role `context_numeric`: a number; null or missing is NaN. Role `weight`: an array of numbers, null is NaN.
* Role `age`: an array of numbers, null is 0; fractions of a second are dropped, below 0 counts as 0.
* Role `length`: how many of the steps count, from the first; without it all of them.

All inputs of one history have equally many steps. Where ids are encoded, keys go through `vocab/<space>.txt`; other
keys become the unknown id, and what fills a history is the padding id. An id space whose contract names a hash has no
such file: `bstkit.data.hashing` says which id a key has, an empty key is unknown. Where ids are raw, keys go straight
in. dtype int64 takes whole numbers and their canonical text, other text is unknown. Unknown and missing is the padding
key in a row; in a history it is a key that is not in the vocabulary: the first of 0, 1, 2, ..., or of "?", "??", ...

A batch is padded on the right to its longest history, at least to one step, and nothing is cut: the graph keeps the
most recent steps. Only where the contract's dimensions are numbers the most recent steps are cut out to fit them, and
the rest is padded (`bstkit.bundle.fixed_shapes`). Where the contract gives a history a `max_age_s`, whoever writes the
events leaves older steps out: an event does not say when it happens.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bstkit.bundle.contract import Input
from bstkit.bundle.event_lines import Event
from bstkit.bundle.key_encoding import KeyTable
from bstkit.errors import DataError

Feeds = dict[str, NDArray[Any]]

DTYPES: dict[str, Any] = {"int32": np.int32, "int64": np.int64, "float32": np.float32, "string": object}
_LONGEST_AGE = np.iinfo(np.int32).max


class RawEvents:
    """Makes the inputs of a model from events.

    Args:
        inputs: the model's inputs.
        tables: id space -> how its keys enter the model.
    """

    def __init__(self, inputs: Sequence[Input], tables: Mapping[str, KeyTable]) -> None:
        self._inputs = inputs
        self._convert: dict[str, Callable[[Any], Any]] = {one.name: _conversion(one, tables) for one in inputs}
        self._histories: dict[str, list[Input]] = defaultdict(list)
        for one in inputs:
            if one.history is not None:
                self._histories[one.history].append(one)

    def feeds(self, events: Sequence[Event]) -> Feeds:
        """The inputs of a batch of events.

        Raises:
            DataError: a value is of another type, or the inputs of a history have unequal steps; the event is named.
        """
        feeds: Feeds = {}
        for one in self._inputs:
            if one.history is None:
                feeds[one.name] = _array(one, [self._value(one, event) for event in events])
        for members in self._histories.values():
            feeds |= self._history(members, events)
        _check_finite(self._inputs, feeds, events)
        return {one.name: feeds[one.name] for one in self._inputs}

    def _value(self, one: Input, event: Event) -> Any:
        """One value of a row."""
        try:
            return self._convert[one.name](event.values.get(one.name))
        except TypeError as error:
            raise _wrong(event, one, error) from error

    def _history(self, members: Sequence[Input], events: Sequence[Event]) -> Feeds:
        """The inputs of one history."""
        sequences = [one for one in members if one.role != "length"]
        lengths = [one for one in members if one.role == "length"]
        steps = [[self._steps(one, event) for one in sequences] for event in events]
        counts = [_check_equal(sequences, found, event) for found, event in zip(steps, events, strict=True)]
        feeds: Feeds = {}
        for one in lengths:
            counts = [_length(one, event, count) for event, count in zip(events, counts, strict=True)]
            steps = [[values[:count] for values in found] for found, count in zip(steps, counts, strict=True)]
        for place, one in enumerate(sequences):
            feeds[one.name] = _lay_out(one, [_recent(found[place], one.dims[1:]) for found in steps])
        for one in lengths:
            size = sequences[0].dims[1]
            kept = [min(count, size) for count in counts] if isinstance(size, int) else counts
            feeds[one.name] = np.array(kept, np.int32)
        return feeds

    def _steps(self, one: Input, event: Event) -> list[Any]:
        """The steps of one input, converted; a list of lists where the history is cut into sessions."""
        try:
            values = _elements(event.values.get(one.name))
            convert = self._convert[one.name]
            if len(one.dims) == 3:
                return [[convert(value) for value in _elements(session)] for session in values]
            return [convert(value) for value in values]
        except TypeError as error:
            raise _wrong(event, one, error) from error


def _conversion(one: Input, tables: Mapping[str, KeyTable]) -> Callable[[Any], Any]:
    """What one value of an input becomes; a TypeError says what it should have been."""
    if one.space is not None:
        table = tables[one.space]
        take = table.row if one.history is None else table.step
        return lambda value: take(_key(value))
    if one.role == "age":
        return _age
    return lambda value: np.nan if value is None else _number(value)


def _key(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Integral) and not isinstance(value, bool):
        return str(int(value))
    if isinstance(value, Real) and not isinstance(value, bool):
        raise TypeError("a number with a fraction, not a key")
    raise TypeError(f"{_kind(value)}, not a key")


def _age(value: Any) -> int:
    seconds = 0.0 if value is None else _number(value)
    return int(min(max(seconds, 0.0), _LONGEST_AGE)) if seconds == seconds else 0


def _number(value: Any) -> float:
    if not isinstance(value, Real) or isinstance(value, bool):
        raise TypeError(f"{_kind(value)}, not a number")
    try:
        return float(value)
    except OverflowError:
        return np.inf


def _elements(value: Any) -> Sequence[Any]:
    if value is None:
        return ()
    if isinstance(value, np.ndarray):
        return value.tolist()  # type: ignore[no-any-return]  # NumPy types the result of any shape as Any
    if not isinstance(value, (list, tuple)):
        raise TypeError(f"{_kind(value)}, not an array")
    return value


def _length(one: Input, event: Event, count: int) -> int:
    """How many steps count: what the event says, or all there are."""
    value = event.values.get(one.name)
    if value is None:
        return count
    if not isinstance(value, Integral) or isinstance(value, bool) or not 0 <= int(value) <= count:
        raise DataError(
            f"{event.where}: '{one.name}' is {value!r}, and history '{one.history}' has {count} steps",
            "write a whole number of at most as many, or leave it out",
        )
    return int(value)


def _check_equal(members: Sequence[Input], found: Sequence[list[Any]], event: Event) -> int:
    """How many steps (or sessions) all inputs of a history have."""
    shapes = [
        [len(session) for session in values] if len(one.dims) == 3 else len(values)
        for one, values in zip(members, found, strict=True)
    ]
    if any(shape != shapes[0] for shape in shapes):
        each = ", ".join(f"{shape} in '{one.name}'" for one, shape in zip(members, shapes, strict=True))
        raise DataError(
            f"{event.where}: the inputs of history '{members[0].history}' have unequal steps: {each}",
            "give each step a value in every one of them, null where it is not known",
        )
    return len(found[0])


def _recent(values: list[Any], dims: Sequence[str | int]) -> list[Any]:
    """As many of the most recent steps as dimensions that are numbers hold."""
    if len(dims) == 2:
        values = [_recent(session, dims[1:]) for session in values]
        while isinstance(dims[0], int) and values and not values[-1]:
            values.pop()  # a session without steps takes no place
    return values[-dims[0] :] if isinstance(dims[0], int) else values


def _lay_out(one: Input, steps: Sequence[list[Any]]) -> NDArray[Any]:
    """Padded on the right to the longest, at least one step."""
    longest = max((len(values) for values in steps), default=0) or 1
    if len(one.dims) == 2:
        array = np.full((len(steps), longest), one.padding, DTYPES[one.dtype])
        for row, values in enumerate(steps):
            array[row, : len(values)] = _array(one, values)
        return array
    inner = max((len(session) for values in steps for session in values), default=0) or 1
    array = np.full((len(steps), longest, inner), one.padding, DTYPES[one.dtype])
    for row, values in enumerate(steps):
        for place, session in enumerate(values):
            array[row, place, : len(session)] = _array(one, session)
    return array


def _array(one: Input, values: Sequence[Any]) -> NDArray[Any]:
    with np.errstate(over="ignore"):  # infinity is refused below, with the event's name
        return np.array(values, DTYPES[one.dtype])


def _check_finite(inputs: Sequence[Input], feeds: Feeds, events: Sequence[Event]) -> None:
    for one in inputs:
        if one.dtype != "float32":
            continue
        wrong = np.isinf(feeds[one.name]).reshape(len(events), -1).any(axis=1)
        if wrong.any():
            raise DataError(
                f"{events[int(wrong.argmax())].where}: '{one.name}' holds a number that float32 cannot hold",
                "give a smaller number, or null where it is not known",
            )


def _kind(value: Any) -> str:
    """JSON's word for a value's type."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, str):
        return "a string"
    return (
        "an array" if isinstance(value, (list, tuple)) else "a number" if isinstance(value, Real) else "no JSON value"
    )


def _wrong(event: Event, one: Input, error: TypeError) -> DataError:
    """The error for a value of another type than its input takes."""
    single, several = (
        ("a string or a whole number", "strings or whole numbers") if one.space else ("a number", "numbers")
    )
    form = {
        1: single,
        2: f"an array of {several}, oldest first",
        3: f"an array of sessions, each an array of {several}, oldest first",
    }[len(one.dims)]
    return DataError(f"{event.where}: '{one.name}' holds {error}", f"write {form}; null where one is not known")
