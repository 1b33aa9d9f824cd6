"""Import TensorFlow without its announcements."""

from __future__ import annotations

import os
import sys
import tempfile

from bstkit.cli.console import is_verbose


def import_tensorflow() -> None:
    """Import TensorFlow now; what it announces on the way stays hidden, unless `-v` was given or the import fails.

    It writes about instruction sets and missing CUDA libraries to the file descriptor itself, before any of its own
    settings can stop it.
    """
    if is_verbose() or "tensorflow" in sys.modules:
        return
    several = os.environ.get("TF_CONFIG")  # TensorFlow tells of a lost worker many times over; our error does once
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3" if several else "2")
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as announcements:
        os.dup2(announcements.fileno(), 2)
        try:
            import tensorflow

            tensorflow.config.list_physical_devices()  # looks for CUDA, and says when there is none
        except BaseException:
            announcements.seek(0)
            os.write(kept, announcements.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
