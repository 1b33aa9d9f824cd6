"""Every prepared dataset is checked for leaks before anybody trains on it."""

from dataclasses import replace

import pytest

from bstkit.data.dataset import load_dataset
from bstkit.data.feature_files import features_for
from bstkit.data.preparation import prepare
from bstkit.errors import DataError


def test_preparation_that_leaks_is_refused(small_log, monkeypatch):
    def leaking(log, features):
        dataset = prepare(log, features)
        events = dataset.history["hist"]
        return replace(dataset, history={"hist": replace(events, end=(events.end + 1).clip(max=len(events.event)))})

    monkeypatch.setattr("bstkit.data.preparation.prepare", leaking)
    with pytest.raises(DataError, match="history 'hist' of row"):
        load_dataset(small_log, features_for(small_log))
