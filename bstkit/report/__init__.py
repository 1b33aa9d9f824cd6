"""report.html of a run: one page that tells all of it, from the files of the run folder alone.

Light enough to be written again by `bstkit report`: neither TensorFlow nor Keras is imported.
"""

from __future__ import annotations

from pathlib import Path

REPORT = "report.html"


def write_report(folder: Path | str) -> Path:
    """Write a run's report.html, whole or not at all; one that is there is replaced.

    Args:
        folder: a run folder. Its `bundle`, where there is one, is told about, too. The folder's own name is not: a run
            gives the same bytes wherever it lies.

    Returns:
        The page's path.

    Raises:
        RunError: it is no whole run, a file in it cannot be read, or the page cannot be written.
    """
    from bstkit.errors import RunError
    from bstkit.report.page import page
    from bstkit.report.record import read_record
    from bstkit.staging import replaced_file

    path = Path(folder) / REPORT
    record = read_record(Path(folder))
    try:
        text = page(record)
    except KeyError as error:
        raise RunError(
            f"{folder} was written by another version of bstkit: {error} is missing", "train or export it again"
        ) from error
    with replaced_file(path) as partial:
        (partial / REPORT).write_text(text, encoding="utf-8", newline="\n")
    return path
