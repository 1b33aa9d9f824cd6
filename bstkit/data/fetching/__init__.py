"""Fetch public data sets from their homes: nothing of theirs is passed on with bstkit."""

from bstkit.data.fetching.data_sets import DATA_SETS, DataSet, find_data_set
from bstkit.data.fetching.fetch import Fetched, fetch

__all__ = ["DATA_SETS", "DataSet", "Fetched", "fetch", "find_data_set"]
