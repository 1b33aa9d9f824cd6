"""Where the components of a run come from, on its page."""

from bstkit.report.page import page
from tests.report.reader import read
from tests.report.records import epochs, record


def test_local_file_is_named_without_its_place(tmp_path):
    digest = "a" * 64
    components = {"encoder.gated": "bstkit-gru 0.2.0", "pooling.mine": f"/home/me/mine.py sha256:{digest}"}
    text = page(record(tmp_path, history=epochs(0.5), provenance={"components": components}))
    rows = [[cell.text for cell in row] for row in read(text).tables()["Components"]]
    assert rows == [["encoder.gated", "bstkit-gru 0.2.0"], ["pooling.mine", f"mine.py sha256:{digest}"]]
    assert "/home/me" not in text
