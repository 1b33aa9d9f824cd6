"""Whatever stands in a file, each of its lines is a row, empty, or left out and listed with its number."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest

from tests.data.layouts.reading import Reader, write_bytes

PIECES = {
    "UserBehavior.csv": [b"1,2,3,pv,4", b"1,2", b",", b'"', b"\xff", b"x", b"\x00", b" ", b"1,,,,4"],
    "log.csv": [b'"', b'""', b",", b"x", b"\xff", b" ", b"\xc3\xa9", b"\x00", b"\\", b"'", b'a,"b"', b"1,2", b"\x01"],
    "log.jsonl": [
        b'{"a":',
        b"1}",
        b'"',
        b"[",
        b"]",
        b"{",
        b"}",
        b"\xff",
        b" ",
        b"null",
        b'{"a":1}',
        b"\\",
        b"\x01",
        b"\x00",
    ],
}


ENDS = {"unix": (b"\n",), "windows": (b"\r\n",), "mixed": (b"\n", b"\r\n")}
CASES = [(name, ends) for name in PIECES for ends in ENDS if (name, ends) != ("UserBehavior.csv", "mixed")]
"""DuckDB's own reader, which reads the layouts, wants one line end a file: test_bad_lines has its error."""


@pytest.mark.parametrize(("name", "ends"), [(name, ENDS[ends]) for name, ends in CASES], ids=map("-".join, CASES))
def test_every_line_is_accounted_for(tmp_path: Path, name: str, ends: tuple[bytes, ...]) -> None:
    rng = np.random.default_rng(0)
    first = {"log.csv": b"a,b", "log.jsonl": b'{"a":1}', "UserBehavior.csv": b"1,2,3,pv,4"}[name]
    contents = [first]
    for _ in range(3000):
        chosen = rng.integers(len(PIECES[name]), size=rng.integers(0, 5))
        contents.append(b"".join(PIECES[name][number] for number in chosen))
    text = b"".join(content + ends[rng.integers(len(ends))] for content in contents)
    reader = Reader(write_bytes(tmp_path / name, text), keep_going=True)
    listed = reader.unreadable()
    blank = b" \t" if name == "log.jsonl" else b""
    candidates = {number for number, content in enumerate(contents, start=1) if content.strip(blank)}
    candidates -= {1} if name == "log.csv" else set()
    numbers = {line for _, line, _, _ in listed}
    assert len(numbers) == len(listed)
    assert numbers <= candidates
    assert len(reader.rows("row")) == len(candidates) - len(numbers) > 0
    for _, line, reason, cut in listed:
        assert cut.encode().replace(b"?", b"") == contents[line - 1].decode("utf-8", "ignore").encode(), (line, reason)


@pytest.mark.parametrize(("suffix", "delimiter"), [(".csv", ","), (".tsv", "\t")])
def test_cells_are_cut_as_python_cuts_them(tmp_path: Path, suffix: str, delimiter: str) -> None:
    rng = np.random.default_rng(1)
    parts = ['"', ",", "\t", "x", " ", "é", "'", "\\", ""]
    rows = [["".join(rng.choice(parts, size=rng.integers(1, 5))) or "y" for _ in range(3)] for _ in range(2000)]
    written = io.StringIO()
    csv.writer(written, delimiter=delimiter, lineterminator="\n").writerows([["a", "b", "c"], *rows])
    path = write_bytes(tmp_path / f"log{suffix}", written.getvalue().encode())
    expected = [tuple(row) for row in rows]
    assert Reader(path).rows("a, b, c") == expected
    reader = Reader(path, keep_going=True)
    assert reader.rows("a, b, c") == expected
    assert reader.unreadable() == []


def test_both_ways_of_reading_json_agree(tmp_path: Path) -> None:
    rows = [{"a": f'é"\\{number}', "n": number / 7, "l": list(range(number % 3))} for number in range(500)]
    path = write_bytes(tmp_path / "log.jsonl", "".join(json.dumps(row) + "\n" for row in rows).encode())
    assert Reader(path).rows() == Reader(path, keep_going=True).rows()
    assert [row[2] for row in Reader(path).rows("a, n, l")] == [[str(n) for n in row["l"]] for row in rows]
