"""Replay the verification of exported files in an older ONNX Runtime.

Run by another interpreter than the tests', with NumPy and ONNX Runtime alone, so that it is plain Python 3.8:

    python old_runtime.py FOLDER...

each folder holds `model.onnx` and `cases.npz`, whose arrays are called `<case>|<in or out>|<name>`. Prints as JSON the
runtime's version, and for each folder and optimisation level the largest difference as a share of what is allowed.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime

LEVELS = ("ORT_DISABLE_ALL", "ORT_ENABLE_BASIC", "ORT_ENABLE_EXTENDED", "ORT_ENABLE_ALL")
ALLOWED = {False: (1e-5, 0.0), True: (1e-5, 1e-4)}
"""Whether an output is a logit -> absolute and relative tolerance."""


def read_cases(folder):
    """Case -> its inputs and its scores, by name."""
    cases = {}
    with np.load(str(folder / "cases.npz")) as arrays:
        for key in arrays.files:
            case, side, name = key.split("|")
            values = arrays[key]
            values = values.astype(object) if values.dtype.kind == "U" else values
            cases.setdefault(case, {"in": {}, "out": {}})[side][name] = values
    return cases


def replay(folder, level, cases):
    """The largest difference of any case as a share of what is allowed; infinite where a score is not a number."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, level)
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        str(folder / "model.onnx"), sess_options=options, providers=["CPUExecutionProvider"]
    )
    worst = 0.0
    for case in cases.values():
        names = list(case["out"])
        scores = session.run(names, case["in"])
        for number, name in enumerate(names):
            found = scores[number]
            absolute, relative = ALLOWED[name.endswith("_logit")]
            expected = case["out"][name]
            share = np.abs(found - expected) / (absolute + relative * np.abs(expected))
            worst = max(worst, float(np.where(np.isfinite(share), share, np.inf).max(initial=0.0)))
    return worst


if __name__ == "__main__":
    found = {}
    for folder in map(Path, sys.argv[1:]):
        cases = read_cases(folder)
        for level in LEVELS:
            key = f"{folder.name} {level}"
            try:
                found[key] = replay(folder, level, cases)
            except Exception as error:  # noqa: BLE001  # ONNX Runtime raises types of its own; the test shows them
                found[key] = str(error)
    sys.stdout.write(json.dumps({"version": onnxruntime.__version__, "shares": found}) + "\n")
