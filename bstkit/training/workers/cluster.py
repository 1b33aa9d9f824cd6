"""Which workers train together, and which of them this process is: TF_CONFIG, as Kubeflow's TFJob and Ray set it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bstkit.errors import ConfigError

VARIABLE = "TF_CONFIG"

_EXAMPLE = '{"cluster": {"worker": ["host-a:2222", "host-b:2222"]}, "task": {"type": "worker", "index": 0}}'
_REFUSED = {
    "ps": "bstkit trains with workers alone: start the job without parameter servers",
    "master": "call it 'chief'",
}
"""Entry of a cluster -> what to do instead."""


@dataclass(frozen=True)
class Cluster:
    """The workers of one training job, and this process's place among them.

    Args:
        workers: task type -> addresses, `"chief"` first where there is one.
        place: of this process among all, from 0; the first is the chief, which alone writes.
    """

    workers: Mapping[str, tuple[str, ...]]
    place: int

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where each worker is, the chief first."""
        return tuple(address for addresses in self.workers.values() for address in addresses)

    @property
    def size(self) -> int:
        """How many workers there are."""
        return len(self.addresses)

    @property
    def several(self) -> bool:
        """Whether there is more than one worker."""
        return self.size > 1

    @property
    def is_chief(self) -> bool:
        """Whether this process writes what the job makes; true of a process that trains alone."""
        return self.place == 0

    @property
    def task(self) -> tuple[str, int]:
        """Type and index of this process's task, as TF_CONFIG counts them."""
        chiefs = len(self.workers.get("chief", ()))
        return ("chief", 0) if self.place < chiefs else ("worker", self.place - chiefs)


ALONE = Cluster({"worker": ("localhost:0",)}, 0)
"""One process that trains by itself."""


def read_cluster(environ: Mapping[str, str] | None = None) -> Cluster:
    """Read TF_CONFIG; `ALONE` where it is not set, or names no workers or one.

    Args:
        environ: the environment. Defaults to the process's.

    Raises:
        ConfigError: it is not what TensorFlow's documentation describes, or asks for what bstkit does not do.
    """
    text = (os.environ if environ is None else environ).get(VARIABLE, "").strip()
    if not text:
        return ALONE
    try:
        config = json.loads(text)
    except json.JSONDecodeError as error:
        raise _wrong(f"is no JSON: {error}") from error
    if not isinstance(config, dict):
        raise _wrong(f"is no object: {text[:80]}")
    workers = _workers(config.get("cluster") or {})
    if not workers:
        return ALONE
    place = _place(config.get("task"), workers)
    found = Cluster(workers, place)
    return found if found.several else ALONE


def _workers(cluster: Any) -> dict[str, tuple[str, ...]]:
    """Who trains, by task type; an evaluator is no part of it."""
    if not isinstance(cluster, dict):
        raise _wrong(f"cluster: is no object of addresses by task type: {cluster!r}")
    for name in cluster:
        if name in _REFUSED:
            raise _wrong(f"cluster.{name}: is nothing that bstkit starts", _REFUSED[name])
        if name not in ("chief", "worker", "evaluator"):
            raise _wrong(f"cluster.{name}: is no type of task that bstkit knows", "it knows 'chief' and 'worker'")
    workers = {name: _addresses(name, cluster[name]) for name in ("chief", "worker") if cluster.get(name)}
    if len(workers.get("chief", ())) > 1:
        raise _wrong(f"cluster.chief: one task can be the chief, not {len(workers['chief'])}")
    every = [address for addresses in workers.values() for address in addresses]
    for address in every:
        if every.count(address) > 1:
            raise _wrong(f"cluster: {address} is named {every.count(address)} times", "give each task its own address")
    return workers


def _addresses(name: str, given: Any) -> tuple[str, ...]:
    if not isinstance(given, list):
        raise _wrong(f"cluster.{name}: is no list of addresses: {given!r}")
    for address in given:
        host, _, port = address.rpartition(":") if isinstance(address, str) else ("", "", "")
        if not host or not port.isdigit() or not 0 < int(port) < 2**16:
            raise _wrong(f"cluster.{name}: {address!r} is no address like host:2222")
    return tuple(given)


def _place(task: Any, workers: Mapping[str, tuple[str, ...]]) -> int:
    """This process's place among the workers."""
    if not isinstance(task, dict) or not {"type", "index"} <= set(task):
        raise _wrong("task: does not say type and index of this process")
    kind, index = task["type"], task["index"]
    if kind == "evaluator":
        raise _wrong("task.type: bstkit has no evaluator; the chief scores", "start the job without one")
    if kind not in workers:
        raise _wrong(f"task.type: the cluster has no {kind!r}, only {' and '.join(map(repr, workers))}")
    if isinstance(index, str) and index.isdigit():  # some launchers write every value as text
        index = int(index)
    if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < len(workers[kind]):
        raise _wrong(f"task.index: is {index!r}, and the cluster has {len(workers[kind])} of type {kind!r}")
    return index + (len(workers.get("chief", ())) if kind == "worker" else 0)


def _wrong(problem: str, hint: str = "") -> ConfigError:
    return ConfigError(f"environment {VARIABLE}: {problem}", hint or f"an example:  {VARIABLE}='{_EXAMPLE}'")
