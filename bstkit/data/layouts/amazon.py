"""Amazon's reviews: JSON lines whose keys keep the names that they have in the files.

    2014 and 2018   reviewerID, asin, overall, unixReviewTime (seconds)
    2023            user_id, parent_asin, rating, timestamp (milliseconds)

What sets them apart from other JSON lines is only which features file goes with them.
"""

from __future__ import annotations

import json

from bstkit.data.layouts import json_lines
from bstkit.data.layouts.first_line import first_line
from bstkit.data.layouts.given import Given
from bstkit.data.layouts.source import Layout

_KEYS_2018 = frozenset({"reviewerID", "asin", "overall", "unixReviewTime"})
_KEYS_2023 = frozenset({"user_id", "parent_asin", "rating", "timestamp"})


def _first_keys(given: Given) -> frozenset[str]:
    """Return the keys of the first object; none where the log is no JSON."""
    files = [file for file in given.ending(*json_lines.SUFFIXES) if file.stat().st_size]
    if not files:
        return frozenset()
    try:
        found = json.loads(first_line(files[0]))
    except (ValueError, RecursionError):
        return frozenset()
    return frozenset(found) if isinstance(found, dict) else frozenset()


REVIEWS = Layout(
    "Amazon reviews of 2014 or 2018",
    lambda given: _first_keys(given) >= _KEYS_2018,
    json_lines.LAYOUT.open,
    features="amazon",
)
REVIEWS_2023 = Layout(
    "Amazon reviews of 2023",
    lambda given: _first_keys(given) >= _KEYS_2023,
    json_lines.LAYOUT.open,
    features="amazon_2023",
)
