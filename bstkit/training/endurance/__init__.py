"""Trainings that survive: checkpoints, `--resume`, signals, a loss that is no number.

`checkpoint_folder.py` is where checkpoints of a run lie, `checkpoint.py` what one holds, `variables.py` and
`array_file.py` how its arrays are written; `resume.py` writes and reads them while Keras trains, `later_batches.py`
begins within an epoch, `made_from.py` says what may go on from what, `attempt.py` decides, `supplied.py` whether its
components are installed; `interrupt.py` ends a training after a step, `nan_batch.py` at a loss that is no number.
"""
