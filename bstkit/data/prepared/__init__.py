"""Prepared datasets: a log as a folder of arrays, made once in bounded memory and read by mapping files.

`job.py` runs the steps; each stands in a file of its own: `events.py` (sorted columns), `splits.py`, `vocabularies.py`,
`histories.py`, `learned.py`. `columns.py` and `folder.py` say how it lies on disk, `database.py` where DuckDB works,
`adoption.py` which features go with a dataset.
"""
