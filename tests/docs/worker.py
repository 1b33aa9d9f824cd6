"""The program, again and again in one process, so that TensorFlow is imported once.

A line of standard input is `[folder, [arguments]]` as JSON, one of standard output `[exit code, output, errors]`. What
was imported from the folders is forgotten, as if each command were a process.
"""

import contextlib
import importlib
import io
import json
import os
import sys


def ran(folder, arguments):
    from bstkit.cli import main

    os.chdir(folder)
    importlib.invalidate_caches()
    for name, module in list(sys.modules.items()):
        if (getattr(module, "__file__", None) or "").startswith(sys.argv[1]):
            del sys.modules[name]
    out, err, code = io.StringIO(), io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main(arguments)
        except SystemExit as exit_:
            code = exit_.code or 0
    return code, out.getvalue(), err.getvalue()


if __name__ == "__main__":
    for line in sys.stdin:
        sys.stdout.write(json.dumps(ran(*json.loads(line))) + "\n")
        sys.stdout.flush()
