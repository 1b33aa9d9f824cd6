"""What each worker of a job does: the chief writes, the others help."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from bstkit.config.selection import Selection
from bstkit.errors import WorkerFinished
from bstkit.progress import Progress
from bstkit.training.workers.cluster import Cluster
from bstkit.training.workers.join import join
from bstkit.training.workers.strategy import Workers


def written_folder(cluster: Cluster, folder: Path | str) -> Path:
    """Where this worker would write: the run folder for the chief; for the others a place of their own, never made."""
    return Path(folder) if cluster.is_chief else Path(tempfile.gettempdir()) / f"bstkit-worker-{os.getpid()}"


def joined(cluster: Cluster, selection: Selection, progress: Progress) -> Workers:
    """Meet the other workers; a stage of the job where there are any."""
    if not cluster.several:
        return Workers()
    with progress.stage("join workers"):
        return join(cluster, selection.train.join_timeout_s)


def finished(cluster: Cluster) -> WorkerFinished:
    """What ends the job of a worker that is not the chief."""
    kind, index = cluster.task
    return WorkerFinished(f"{kind} {index} has done its part; the chief, {cluster.addresses[0]}, writes the run")
