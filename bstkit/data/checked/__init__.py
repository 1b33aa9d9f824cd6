"""From the rows of a log to typed, checked columns: the view `log` of a database, which everything later reads.

`log.py` reads. `needed_columns.py` says which columns features.toml asks for, `log_columns.py`, `row_columns.py` and
`label_rule.py` what each becomes in SQL, `log_survey.py`, `log_checks.py` and `time_units.py` what is wrong with a log,
`bad_rows.py` what becomes of rows that cannot be used.
"""
