"""The data sets that can be fetched, a record each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bstkit.errors import DataError
from bstkit.spelling import did_you_mean


@dataclass(frozen=True)
class DataSet:
    """A zip archive on its home's server.

    Args:
        name: how the command line calls it, and the folder that it becomes.
        title: what it is.
        home: the page that describes it.
        url: the archive.
        size: of the archive in bytes.
        digests: algorithm of hashlib -> hexadecimal digest of the archive. Each of them is checked.
        inside: the archive's folder whose content is kept.
        proof: a file of that folder, by which a folder that was fetched earlier is known.
        licence: what a user agrees to, shown before anything is downloaded.
    """

    name: str
    title: str
    home: str
    url: str
    size: int
    digests: Mapping[str, str]
    inside: str
    proof: str
    licence: str


DATA_SETS = (
    DataSet(
        name="movielens-100k",
        title="MovieLens 100K: 100,000 ratings of 1,682 films by 943 people, 1997 and 1998",
        home="https://grouplens.org/datasets/movielens/100k/",
        url="https://files.grouplens.org/datasets/movielens/ml-100k.zip",
        size=4_924_029,
        digests={
            "md5": "0e33842e24a9c977be4e0107933c0723",  # as GroupLens publishes it
            "sha256": "50d2a982c66986937beb9ffb3aa76efe955bf3d5c6b761f4e3a7cd717c6a3229",
        },
        inside="ml-100k",
        proof="u.data",
        licence=(
            "For research. Do not redistribute it, nor use it commercially, without permission of the GroupLens "
            "Research Project; imply no endorsement; acknowledge it in publications: F. Maxwell Harper and Joseph A. "
            "Konstan, The MovieLens Datasets: History and Context, ACM TiiS 5(4), 2015. The README says more."
        ),
    ),
)


def find_data_set(name: str) -> DataSet:
    """Return the data set of a name.

    Raises:
        DataError: there is none.
    """
    known = {one.name: one for one in DATA_SETS}
    if name not in known:
        hint = f"{did_you_mean(name, known)} `bstkit data fetch --list` shows what there is".strip()
        raise DataError(f"no data set named '{name}'", hint)
    return known[name]
