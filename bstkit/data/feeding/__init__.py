"""From a dataset to batches: `feed.py` makes them, in the order of `epoch_plan.py`.

`windows.py` says which steps of a history a row is fed, `row_inputs.py` makes the inputs of some rows from them,
`negatives.py` draws what objectives are shown beside the steps.
"""
