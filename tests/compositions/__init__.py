"""Any selection composes, trains, reloads, exports and verifies, or is refused with a reason.

python -m tests.compositions runs the covering array, `--all` every combination of choices.
"""
