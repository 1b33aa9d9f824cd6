"""Whether a compressed file is whole."""

from __future__ import annotations

from pathlib import Path

from bstkit.errors import DataError

_PIECE = 1 << 20


def check_whole(file: Path) -> None:
    """Refuse a .zst file that is cut short: DuckDB 2.0 takes what is left of it for the whole. Of .gz it says so.

    The file is unpacked once for that, in pieces, at some hundred megabytes a second.

    Raises:
        DataError: it is cut short or damaged.
    """
    if file.suffix.lower() != ".zst":
        return
    import pyarrow as pa

    try:
        with pa.input_stream(str(file)) as stream:
            while stream.read(_PIECE):
                pass
    except OSError as error:
        raise DataError(f"cannot read {file}: {error}", "it may be damaged or cut short: fetch it again") from error
