"""Waiting for other machines to answer."""

import socket

from bstkit.training.workers.reach import unreachable


def test_who_listens_is_reached_and_who_does_not_is_named():
    with socket.create_server(("127.0.0.1", 0)) as there, socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))  # bound, so that nobody else takes it; it does not listen
        addresses = [f"127.0.0.1:{one.getsockname()[1]}" for one in (there, silent)]
        assert unreachable(addresses, 0.01) == addresses[1:]
        assert unreachable(addresses[:1], 0.01) == []
