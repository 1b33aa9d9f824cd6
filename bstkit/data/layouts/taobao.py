"""Taobao's UserBehavior.csv: no header, five cells a line, sorted by user rather than time.

The columns are user_id, item_id, cate_id, behaviour (pv, buy, cart, fav) and timestamp in seconds.
"""

from __future__ import annotations

import duckdb

from bstkit.data.layouts.given import Given
from bstkit.data.layouts.rejects import Rejects
from bstkit.data.layouts.source import Layout, Source, numbered
from bstkit.data.layouts.text_scan import scan

COLUMNS = ("user_id", "item_id", "cate_id", "behaviour", "timestamp")
_NAMES = ("userbehavior.csv", "userbehavior.csv.gz", "userbehavior.csv.zst")


def _open(connection: duckdb.DuckDBPyConnection, given: Given, keep_going: bool) -> Source:
    files = given.shards(tuple(file for file in given.files if file.name.lower() in _NAMES))
    rejects = Rejects() if keep_going else None
    table = scan(files, COLUMNS, ",", quote="", header=False, rejects=rejects)
    return Source(numbered(COLUMNS, table), COLUMNS, str(given.path), files, rejects.query if rejects else None)


LAYOUT = Layout("Taobao's UserBehavior", lambda given: given.named(*_NAMES) is not None, _open, features="taobao")
