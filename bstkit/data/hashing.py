"""Ids without a vocabulary, the rule `sha256-64`: a key's id follows from its hash.

The id of a key is `2 + h % N`, where `h` is the first 8 bytes of the SHA-256 of the key's UTF-8 text, read as an
unsigned number with the most significant byte first, and `N` the number of buckets of its space. So the table of the
space has `N + 2` rows. Id 0 is padding and 1 out-of-vocabulary, which an empty or missing key is. Nothing is done to a
key before: case, blanks and the Unicode form count, and a number is its decimal text.

`printf %s 42 | sha256sum` begins with 73475cb40a568e8d, which is 8306709966045482637; so with N = 1,000,000:

| key                                    | first 8 bytes      | id      |
| -------------------------------------- | ------------------ | ------- |
| `42`                                   | `73475cb40a568e8d` | 482,639 |
| `Zürich`                               | `4251685e06cab635` | 969,655 |
| `7c9e6679-7425-40de-944b-e07fc1f90ae7` | `6316e01c9e1d33de` | 920,160 |
"""

from __future__ import annotations

import hashlib
from typing import Final

from bstkit.config.features import FIRST_ID, OOV_ID

HASH_RULE: Final = "sha256-64"
"""The rule's name in contracts. A rule that gives other ids needs another name."""

_BYTES = 8


def hash_id(key: str, buckets: int) -> int:
    """Return the id of a key.

    A key with a lone surrogate, which JSON can write and UTF-8 cannot, is out-of-vocabulary: no log can hold it.

    Args:
        key: its text; an empty one is out-of-vocabulary.
        buckets: of the id space.
    """
    try:
        text = key.encode()
    except UnicodeEncodeError:
        return OOV_ID
    if not text:
        return OOV_ID
    return FIRST_ID + int.from_bytes(hashlib.sha256(text).digest()[:_BYTES], "big") % buckets


def hash_sql(key: str, buckets: int) -> str:
    """Return SQL for DuckDB of the id of a key: an INTEGER, NULL for NULL.

    Args:
        key: SQL of the key, a VARCHAR; it is computed twice, unless DuckDB sees that both are the same.
        buckets: of the id space.
    """
    # DuckDB's sha256 gives hexadecimal text, and its cast reads that behind 0x.
    number = f"CAST('0x' || left(sha256({key}), {2 * _BYTES}) AS UBIGINT)"
    return f"CASE WHEN {key} = '' THEN {OOV_ID} ELSE CAST({FIRST_ID} + {number} % {buckets} AS INTEGER) END"
