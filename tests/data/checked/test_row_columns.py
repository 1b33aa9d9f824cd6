"""Histories that stand in the row: padding, masks, times and order, as text and as lists."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bstkit.config.features import Features, History, Space
from bstkit.data.checked.log import Log, read_log
from bstkit.data.sql import identifier
from bstkit.errors import DataError
from tests.data.logs import plain_features

Cells = Sequence[Any]


def row_features(unit: str = "s", bad_rows: str = "error", **history: Any) -> Features:
    """Features with a history `h` of the columns `items` and `cates`; `history` says more about it."""
    plain = plain_features()
    table = {"fields": {"items": "item", "cates": "cate"}, "max_length": 3} | history
    log = plain.log.model_copy(update={"time_unit": unit, "bad_rows": bad_rows, "max_bad_share": 1.0})
    return plain.model_copy(
        update={
            "spaces": {**plain.spaces, "cate": Space(dim=4)},
            "log": log,
            "history": {"h": History(source="row", **table)},
        }
    )


def write(path: Path, columns: dict[str, Cells], time: float = 100.0) -> Path:
    """Write columns of lists or texts beside a log's own, one event each, clicks taking turns."""
    count = len(next(iter(columns.values())))
    base = {"user": ["u"] * count, "time": [time] * count, "item": ["a"] * count}
    base["click"] = [place % 2 for place in range(count)]
    made = ", ".join(f"unnest($c{place}) AS {identifier(name)}" for place, name in enumerate({**base, **columns}))
    values = {f"c{place}": list(cells) for place, cells in enumerate({**base, **columns}.values())}
    duckdb.execute(f"COPY (SELECT {made}) TO '{path}' (FORMAT parquet)", values)
    return path


def as_texts(columns: dict[str, list[list[str]]], separator: str = " ") -> dict[str, list[str]]:
    return {name: [separator.join(cell) for cell in cells] for name, cells in columns.items()}


def steps(log: Log, *names: str) -> list[tuple[Any, ...]]:
    chosen = ", ".join(identifier(name) for name in names)
    return log.connection.execute(f"SELECT {chosen} FROM log ORDER BY row").fetchall()


FIELDS = ("values:h.items", "values:h.cates")
LEFT = {"items": [["0", "0", "a"], ["0", "0", "0"]], "cates": [["0", "x", "y"], ["0", "0", "0"]]}
RIGHT = {"items": [["a", "b", "0"], []], "cates": [["x", "y", "0"], []]}
AMID = {"items": [["a", "0", "b"], ["0", "c"]], "cates": [["x", "0", "y"], ["z", "z"]]}


@pytest.mark.parametrize("form", ["list", "text", "comma"])
@pytest.mark.parametrize(
    ("columns", "found"),
    [
        (LEFT, [(["a"], ["y"]), ([], [])]),
        (RIGHT, [(["a", "b"], ["x", "y"]), ([], [])]),
        (AMID, [(["a", "b"], ["x", "y"]), (["c"], ["z"])]),
    ],
    ids=["left", "right", "amid"],
)
def test_padding_is_dropped_wherever_it_stands(
    tmp_path: Path, form: str, columns: dict[str, list[list[str]]], found: list[object]
) -> None:
    separator = "," if form == "comma" else " "
    written = columns if form == "list" else as_texts(columns, separator)
    extra = {"separator": ","} if form == "comma" else {}
    log = read_log(write(tmp_path / "log.parquet", written), row_features(padding="0", **extra))
    assert steps(log, *FIELDS) == found


def test_numbers_in_lists_are_compared_with_the_padding_as_text(tmp_path: Path) -> None:
    columns = {"items": [[0, 7], [8, 0]], "cates": [[0, 1], [2, 0]]}
    log = read_log(write(tmp_path / "log.parquet", columns), row_features(padding="0"))
    assert steps(log, *FIELDS) == [(["7"], ["1"]), (["8"], ["2"])]


@pytest.mark.parametrize(
    "mask",
    [
        [[1, 0, 1], [0, 1, 0]],
        [[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]],
        [[True, False, True], [False, True, False]],
        ["1 0 1", "0 1 0"],
        ["true False TRUE", "false true false"],
    ],
    ids=["int", "float", "bool", "digits", "words"],
)
def test_mask_says_which_steps_are_real(tmp_path: Path, mask: Cells) -> None:
    columns = {"items": ["a b c", "d e f"], "cates": ["x y z", "x y z"], "m": mask}
    log = read_log(write(tmp_path / "log.parquet", columns), row_features(mask_column="m"))
    assert steps(log, *FIELDS) == [(["a", "c"], ["x", "z"]), (["e"], ["y"])]
    assert "mask:h" not in [name for name, *_ in log.connection.execute("DESCRIBE log").fetchall()]


def test_everything_together_leaves_real_steps_oldest_first(tmp_path: Path) -> None:
    """Newest first, right-padded, masked, with weights and times in milliseconds."""
    columns = {
        "items": ["d c b a 0 0", "0 0"],
        "cates": ["4 3 2 1 0 0", "0 0"],
        "m": ["1 0 1 1 1 0", "1 1"],
        "w": ["0.4 x 0.2 0.1 x x", "x x"],
        "t": ["90000 x 70000 60000 -1 x", "x 9e9"],
    }
    features = row_features("ms", padding="0", mask_column="m", weight="w", time="t", newest_first=True)
    log = read_log(write(tmp_path / "log.parquet", columns, time=100_000.0), features)
    assert steps(log, *FIELDS, "weights:h", "times:h") == [
        (["a", "b", "d"], ["1", "2", "4"], [0.1, 0.2, 0.4], [60.0, 70.0, 90.0]),
        ([], [], [], []),
    ]


@pytest.mark.parametrize(
    "written",
    [["1 2.5", "3 3"], [[1.0, 2.5], [3.0, 3.0]], ["1970-01-01T00:00:01 1970-01-01T00:00:02.5Z", "3 3"]],
    ids=["text", "list", "dates"],
)
def test_times_of_steps_are_numbers_or_dates(tmp_path: Path, written: Cells) -> None:
    columns = {"items": ["a b", "c d"], "cates": ["x y", "x y"], "t": written}
    log = read_log(write(tmp_path / "log.parquet", columns), row_features(time="t"))
    assert steps(log, "times:h") == [([1.0, 2.5],), ([3.0, 3.0],)]


def test_blank_elements_between_separators_stay_steps(tmp_path: Path) -> None:
    columns = {"items": ["a,,c", "0,b,"], "cates": ["x,y,z", "x,y,z"]}
    log = read_log(write(tmp_path / "log.parquet", columns), row_features(padding="0", separator=","))
    assert steps(log, *FIELDS) == [(["a", None, "c"], ["x", "y", "z"]), (["b", None], ["y", "z"])]


def test_empty_padding_drops_empty_elements(tmp_path: Path) -> None:
    columns = {"items": [["a", None], [None, "b"]], "cates": [["x", None], [None, "y"]]}
    log = read_log(write(tmp_path / "log.parquet", columns), row_features(padding=""))
    assert steps(log, *FIELDS) == [(["a"], ["x"]), (["b"], ["y"])]


FULL = {"mask_column": "m", "time": "t", "weight": "w"}
GOOD = {"items": "a b", "cates": "x y", "m": "1 1", "t": "1 2", "w": "1 1"}
BAD = {
    "short_mask": ({"m": "1"}, "not equally long in 1 row, first in row 3: 2 in column 'items', 2 in column 'cates', "),
    "no_times": ({"t": ""}, "0 in time column 't'"),
    "long_field": ({"cates": "x y z"}, "3 in column 'cates'"),
    "short_weight": ({"w": "1"}, "1 in weight column 'w'"),
    "mask_of_twos": ({"m": "1 2"}, "mask column 'm' is not 0 or 1 in 1 row, first '2' in row 3"),
    "word_as_time": ({"t": "1 soon"}, "time column 't' is not seconds or a date in 1 row, first 'soon' in row 3"),
    "infinite_time": ({"t": "1 inf"}, "time column 't' is not seconds or a date in 1 row, first 'inf' in row 3"),
    "negative_time": ({"t": "-1 2"}, "time column 't' is negative in 1 row, first '-1 2' in row 3"),
    "falling_times": ({"t": "2 1"}, "time column 't' is not in rising order in 1 row, first '2 1' in row 3"),
    "leak": ({"t": "1 101"}, "time column 't' has a step that is not older than its row in 1 row, first '1 101'"),
    "leak_at_the_moment": ({"t": "1 100"}, "time column 't' has a step that is not older than its row in 1 row"),
    "wrong_weight": ({"w": "1 x"}, "weight column 'w' is not a finite number in 1 row, first 'x' in row 3"),
    "line_break": ({"cates": "x y\n"}, r"column 'cates' holds a key with a line break in 1 row, first 'x y\n'"),
}


@pytest.mark.parametrize(("change", "says"), BAD.values(), ids=BAD)
def test_row_whose_steps_cannot_be_used_is_a_bad_row(tmp_path: Path, change: dict[str, str], says: str) -> None:
    columns = {name: [cell, cell, change.get(name, cell)] for name, cell in GOOD.items()}
    path = write(tmp_path / "log.parquet", columns)
    with pytest.raises(DataError) as caught:
        read_log(path, row_features(**FULL))
    assert says in caught.value.message
    log = read_log(path, row_features(bad_rows="skip", **FULL))
    assert (log.rows, log.skipped, len(log.reasons)) == (2, 1, 1)


def test_order_is_checked_after_turning_round(tmp_path: Path) -> None:
    columns = {name: [cell, cell] for name, cell in GOOD.items()}
    path = write(tmp_path / "log.parquet", columns)
    with pytest.raises(DataError, match="not in rising order in 2 rows, first '2 1' in row 1") as caught:
        read_log(path, row_features(newest_first=True, **FULL))
    assert "newest_first" in caught.value.hint


def test_what_stands_at_padded_steps_does_not_matter(tmp_path: Path) -> None:
    """Their times may be in the future, their weights may be none."""
    columns = {"items": ["a 0"] * 2, "cates": ["x ?"] * 2, "t": ["1 999"] * 2, "w": ["1 x"] * 2}
    log = read_log(write(tmp_path / "log.parquet", columns), row_features(padding="0", time="t", weight="w"))
    assert steps(log, "values:h.items", "times:h", "weights:h") == [(["a"], [1.0], [1.0])] * 2


Step = tuple[str | None, str, str, str, str]
one_step = st.tuples(
    st.sampled_from(["a", "b", "0", None]),
    st.sampled_from(["x", "y"]),
    st.sampled_from(["0", "1", "true", "?"]),
    st.sampled_from(["1", "2", "99", "100", "-1", "soon"]),
    st.sampled_from(["0.5", "1", "inf", "much"]),
)


def expected(row: list[Step], history: History) -> tuple[list[Any], ...] | None:
    """Plain Python: the real steps of a row, None where the row is a bad one."""
    if history.mask_column is not None and any(mask == "?" for _, _, mask, _, _ in row):
        return None
    real = [
        step
        for step in row
        if not (history.padding is not None and step[0] == history.padding)
        and not (history.mask_column is not None and step[2] == "0")
    ]
    if history.newest_first:
        real.reverse()
    found: list[list[Any]] = [[step[0] for step in real], [step[1] for step in real]]
    if history.time is not None:
        if any(step[3] == "soon" for step in real):
            return None
        times = [float(step[3]) for step in real]
        if any(time < 0 or time >= 100 for time in times) or times != sorted(times):
            return None
        found.append(times)
    if history.weight is not None:
        if any(step[4] == "much" or math.isinf(float(step[4])) for step in real):
            return None
        found.append([float(step[4]) for step in real])
    return tuple(found)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.lists(one_step, max_size=4), min_size=1, max_size=6),
    padding=st.sampled_from(["0", None]),
    mask=st.sampled_from(["m", None]),
    time=st.sampled_from(["t", None]),
    weight=st.sampled_from(["w", None]),
    newest_first=st.booleans(),
    text=st.booleans(),
)
def test_rows_become_what_plain_python_makes_of_them(
    tmp_path: Path,
    rows: list[list[Step]],
    padding: str | None,
    mask: str | None,
    time: str | None,
    weight: str | None,
    newest_first: bool,
    text: bool,
) -> None:
    good: list[Step] = [("a", "x", "1", "1", "1")]
    rows = [good, good, *rows]  # both classes are always there
    lists = {name: [[step[place] for step in row] for row in rows] for place, name in enumerate("icmtw")}
    written: dict[str, Cells] = {"items": lists["i"], "cates": lists["c"]} | {key: lists[key] for key in "mtw"}
    if text:
        written = {name: [",".join(x or "" for x in cell) for cell in cells] for name, cells in written.items()}
        # A single empty element and no element are the same text, so that the columns would not be equally long.
        rows_with_lone_blank = [len(row) == 1 and row[0][0] is None for row in rows]
    else:
        rows_with_lone_blank = [False] * len(rows)
    features = row_features(
        bad_rows="skip",
        separator=",",
        padding=padding,
        mask_column=mask,
        time=time,
        weight=weight,
        newest_first=newest_first,
    )
    log = read_log(write(tmp_path / "log.parquet", written), features)
    names = [*FIELDS, *(["times:h"] if time else []), *(["weights:h"] if weight else [])]
    wanted = [
        None if blank else expected(row, features.history["h"])
        for row, blank in zip(rows, rows_with_lone_blank, strict=True)
    ]
    kept = [place for place, row in enumerate(wanted) if row is not None]
    assert [row for (row,) in steps(log, "row")] == kept
    assert steps(log, *names) == [wanted[place] for place in kept]
    assert log.skipped == len(rows) - len(kept)
