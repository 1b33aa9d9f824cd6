"""One loopback server for all tests of this folder, and a data set that it serves."""

import hashlib

import pytest

from bstkit.data.fetching import DataSet
from tests.data.fetching.server import Behaviour, archive, serving

ARCHIVE = archive(**{"small__u.data": "1\t2\t3\t4\n" * 5_000, "small__more__README": "cite us", "other__x": "no"})


@pytest.fixture(scope="session")
def server():
    with serving() as running:
        yield running


@pytest.fixture
def home(server, monkeypatch):
    """What the server does; every test starts with one that does everything right."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server.behaviour = Behaviour(content=ARCHIVE)
    return server.behaviour


@pytest.fixture
def data_set(server, home):
    """The data set that it serves."""
    return describe(server, ARCHIVE)


def describe(server, content, **changes):
    facts = {
        "name": "small",
        "title": "A small log",
        "home": "https://example.org/small/",
        "url": f"http://127.0.0.1:{server.server_address[1]}/small.zip",
        "size": len(content),
        "digests": {name: hashlib.new(name, content).hexdigest() for name in ("md5", "sha256")},
        "inside": "small",
        "proof": "u.data",
        "licence": "Do not pass it on.",
    }
    return DataSet(**(facts | changes))
