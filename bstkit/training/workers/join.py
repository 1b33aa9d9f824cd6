"""Meet the other workers."""

from __future__ import annotations

import tensorflow as tf
from tensorflow.compiler.xla.tsl.protobuf.coordination_config_pb2 import CoordinatedJob
from tensorflow.python.eager import context

from bstkit.errors import TrainingError
from bstkit.training.workers.cluster import Cluster
from bstkit.training.workers.reach import unreachable
from bstkit.training.workers.strategy import Workers

HEARTBEAT_S = 10
"""A worker that says nothing for so long is lost; one whose process ends is missed at once."""

_HINT = "start every worker, each reachable at its address in TF_CONFIG; train.join_timeout_s says how long to wait"


def join(cluster: Cluster, timeout_s: float) -> Workers:
    """Meet the other workers, before TensorFlow has run anything.

    Args:
        cluster: from `read_cluster`.
        timeout_s: how long to wait for all of them.

    Raises:
        TrainingError: some did not come.
    """
    if not cluster.several:
        return Workers(cluster)
    kind, index = cluster.task
    if cluster.is_chief:  # TensorFlow bounds how long the others wait for the chief, but not how long it waits for them
        missing = unreachable(cluster.addresses[1:], timeout_s)
        if missing:
            raise TrainingError(f"nobody answered at {' or '.join(missing)} within {timeout_s:g} s", _HINT)
    # Otherwise TensorFlow configures it itself, and waits for an hour.
    context.context().configure_coordination_service(
        service_type="standalone",
        service_leader=f"/job:{next(iter(cluster.workers))}/replica:0/task:0",
        cluster_register_timeout_in_ms=round(timeout_s * 1000),
        heartbeat_timeout_in_ms=HEARTBEAT_S * 1000,
        coordinated_jobs=[CoordinatedJob(name=name, num_tasks=len(one)) for name, one in cluster.workers.items()],
    )
    resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(
        tf.train.ClusterSpec({name: list(addresses) for name, addresses in cluster.workers.items()}),
        task_type=kind,
        task_id=index,
        num_accelerators={"GPU": len(tf.config.list_physical_devices("GPU"))},
    )
    try:
        return Workers(cluster, tf.distribute.MultiWorkerMirroredStrategy(cluster_resolver=resolver))
    except (tf.errors.DeadlineExceededError, tf.errors.UnavailableError) as error:
        raise TrainingError(
            f"the chief, {cluster.addresses[0]}, did not let {kind} {index} in within {timeout_s:g} s", _HINT
        ) from error
    except tf.errors.OpError as error:
        reason = error.message.partition("\n")[0]
        raise TrainingError(
            f"{kind} {index} cannot serve {cluster.addresses[cluster.place]}: {reason}",
            "give it a free port of this machine in TF_CONFIG",
        ) from error
