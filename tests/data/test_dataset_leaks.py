"""Every prepared dataset is checked for leaks before anybody trains on it."""

import pytest

from bstkit.data.dataset import load_dataset
from bstkit.data.feature_files import features_for
from bstkit.data.prepared.histories import write_histories
from bstkit.errors import DataError


def test_preparation_that_leaks_is_refused(small_log, monkeypatch):
    def leaking(store, features):
        write_histories(store, features)
        last = store.array("history.hist.event").size
        store.derive("history.hist.end", "int64", ("history.hist.end",), lambda _, end: (end + 1).clip(max=last))

    monkeypatch.setattr("bstkit.data.prepared.job.write_histories", leaking)
    with pytest.raises(DataError, match="history 'hist' of row"):
        load_dataset(small_log, features_for(small_log))
