"""Lines that DuckDB's text reader could not read, as it lists them.

With `store_rejects` the reader leaves such lines out and, when the scan ends, writes them into two temporary tables.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count

MAX_LINE_BYTES = 2_000_000
"""What a line may hold. An id of 10^6 characters fits; whatever is longer is refused, or left out and listed."""

TEXT_LENGTH = 200
"""How much of a line is shown."""

_numbers = count()


@dataclass(frozen=True)
class Rejects:
    """The tables of one source; each has its own, so that sources on one connection do not mix."""

    number: int = field(default_factory=lambda: next(_numbers))

    @property
    def options(self) -> str:
        """What to hand to read_csv. Several scans of one query may share it."""
        tables = f"rejects_table = 'unreadable_{self.number}', rejects_scan = 'unreadable_{self.number}_files'"
        return f"store_rejects = true, {tables}"

    @property
    def query(self) -> str:
        """SQL that lists the lines of the last scan: file, line, reason, text."""
        reason = (
            "CASE error_type "
            "WHEN 'INVALID ENCODING' THEN 'not UTF-8' "
            f"WHEN 'LINE SIZE OVER MAXIMUM' THEN 'longer than {MAX_LINE_BYTES:,} bytes' "
            "ELSE regexp_replace(error_message, "
            "'^Expected Number of Columns: ([0-9]+) Found: ([0-9]+)$', 'expected \\1 cells, found \\2') END"
        )
        breaks = "chr(10) || chr(13)"  # the reader counts empty lines above as part of the line
        scans = f"unreadable_{self.number}_files"
        return (
            "SELECT DISTINCT ON (file_path, line) file_path AS file, "
            f"CAST(line AS BIGINT) AS line, {reason} AS reason, left(trim(csv_line, {breaks}), {TEXT_LENGTH}) AS text "
            f"FROM unreadable_{self.number} JOIN {scans} USING (scan_id, file_id) "
            f"WHERE scan_id = (SELECT max(scan_id) FROM {scans}) "
            "ORDER BY file_path, line, error_type <> 'LINE SIZE OVER MAXIMUM', byte_position"
        )
