"""Licences as packages state them, each in its own way."""

from importlib.metadata import PackageNotFoundError
from types import SimpleNamespace

import pytest

from bstkit.export import licences as module
from bstkit.export.licences import licence_of, licences

STATED = {
    "modern": {"license_expression": "MIT", "license": "old words"},
    "short": {"license": "Apache 2.0"},
    "whole text": {
        "license": "Copyright\nPermission is granted",
        "classifier": ["License :: OSI Approved :: MIT License"],
    },
    "classified": {"classifier": ["Programming Language :: Python", "License :: OSI Approved :: BSD License"]},
    "silent": {"name": "silent"},
    "onnxruntime-gpu": {"license": "MIT License"},
}


@pytest.fixture(autouse=True)
def installed(monkeypatch):
    def metadata(name):
        if name not in STATED:
            raise PackageNotFoundError(name)
        return SimpleNamespace(json=STATED[name])

    monkeypatch.setattr(module, "metadata", metadata)


@pytest.mark.parametrize(
    ("package", "licence"),
    [
        ("modern", "MIT"),
        ("short", "Apache 2.0"),
        ("whole text", "MIT License"),
        ("classified", "BSD License"),
        ("silent", None),
        ("absent", None),
        ("onnxruntime", "MIT License"),
    ],
)
def test_licence_is_read_from_wherever_it_stands(package, licence):
    assert licence_of(package) == licence


def test_weights_are_the_trainers_to_state():
    found = licences(["bstkit", "short", "short", "silent"], weights="CC-BY-4.0")
    assert (found.bstkit, found.weights) == (None, "CC-BY-4.0")
    assert found.packages == {"short": "Apache 2.0", "silent": None}
    assert licences([], weights="").weights is None
