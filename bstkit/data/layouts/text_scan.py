"""How text files are read: without guessing, so that no sample decides what a cell means."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from bstkit.data.layouts.rejects import MAX_LINE_BYTES, Rejects
from bstkit.data.sql import literal


def scan(
    files: Sequence[Path],
    columns: Sequence[str],
    delimiter: str,
    *,
    quote: str = '"',
    header: bool = True,
    encoding: str = "utf-8",
    line_ends: Literal["one", "any"] = "one",
    rejects: Rejects | None = None,
    ignore: bool = False,
) -> str:
    """Return a table function that reads text files without guessing: every cell a text, NULL where it is empty.

    Args:
        files: of one kind, compressed (.gz, .zst) or not; read in this order.
        columns: names of the cells.
        delimiter: between cells.
        quote: around cells that hold a delimiter; doubled inside. Empty: quotes are characters like others.
        header: whether each file's first line holds names.
        encoding: of the files.
        line_ends: whether a file may mix `\\n` and `\\r\\n`; `"any"` also leaves out cells too many without a word.
        rejects: leave out lines that cannot be read, and list them there; only without a quote. None: they are an
            error.
        ignore: leave them out without a word.
    """
    types = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in columns)
    options = [
        f"delim = {literal(delimiter)}",
        f"quote = {literal(quote)}",
        f"escape = {literal(quote)}",
        f"header = {str(header).lower()}",
        "auto_detect = false",
        *(["strict_mode = true"] if line_ends == "one" else ["strict_mode = false", r"new_line = '\r\n'"]),
        f"max_line_size = {MAX_LINE_BYTES}",
        f"encoding = {literal(encoding)}",
        # DuckDB 2.0's reader for several threads loses lines that outgrow its buffer; the one for one thread takes a
        # quote that is never closed. Rows are numbered by one thread, so that neither is faster.
        f"parallel = {str(bool(quote)).lower()}",
        f"columns = {{{types}}}",
        *([rejects.options] if rejects is not None else ["ignore_errors = true"] if ignore else []),
    ]
    return f"read_csv({paths(files)}, {', '.join(options)})"


def paths(files: Sequence[Path]) -> str:
    """Return a list of files as SQL; what would be a pattern to DuckDB is escaped."""
    return f"[{', '.join(literal(glob.escape(str(file))) for file in files)}]"
