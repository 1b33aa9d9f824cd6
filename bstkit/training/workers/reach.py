"""Which workers can be reached, without TensorFlow."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterable

_PAUSE_S = 0.2


def unreachable(addresses: Iterable[str], timeout_s: float) -> list[str]:
    """Wait until something listens at each address; return those where nothing did in time.

    Args:
        addresses: `host:port` each; a host that has no address yet is waited for as well.
        timeout_s: how long to wait for all of them together.
    """
    end = time.monotonic() + timeout_s
    missing = list(addresses)
    while missing := [address for address in missing if not _listens(address)]:
        if time.monotonic() + _PAUSE_S > end:
            break
        time.sleep(_PAUSE_S)
    return missing


def _listens(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=2.0):
            return True
    except OSError:
        return False
