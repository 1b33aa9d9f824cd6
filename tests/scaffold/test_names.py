"""Which names a new package gets, and which are refused."""

import pytest

from bstkit.errors import ComponentError
from bstkit.registry import load_registry
from bstkit.scaffold.names import check_untaken, package_names
from tests.plugin_packages import Packages, component


@pytest.mark.parametrize(
    ("key", "package", "module", "class_name"),
    [
        ("encoder.mamba", "bstkit-mamba", "bstkit_mamba", "MambaEncoder"),
        ("position.time_of_day", "bstkit-time-of-day", "bstkit_time_of_day", "TimeOfDayPosition"),
        ("head.ple2", "bstkit-ple2", "bstkit_ple2", "Ple2Head"),
    ],
)
def test_names_follow_the_key(key, package, module, class_name):
    names = package_names(key)
    assert (names.key, names.package, names.module, names.class_name) == (key, package, module, class_name)


def test_package_may_have_another_name():
    names = package_names("encoder.mamba", "our-sequence-models")
    assert (names.package, names.module, names.class_name) == (
        "our-sequence-models",
        "our_sequence_models",
        "MambaEncoder",
    )


@pytest.mark.parametrize(
    ("key", "message", "hint"),
    [
        ("mamba", "not of the form kind.name", "bstkit new encoder.mamba"),
        ("pooling", "not of the form kind.name", "bstkit new pooling.mine"),
        ("encodr.mamba", "no kind named 'encodr'", "did you mean 'encoder'?"),
        ("encoder.", "not snake_case", "for example"),
        ("encoder.LongInterest", "not snake_case", "did you mean 'encoder.long_interest'?"),
        ("encoder.long-interest", "not snake_case", "did you mean 'encoder.long_interest'?"),
        ("encoder._mamba", "not snake_case", "did you mean 'encoder.mamba'?"),
        ("encoder.2", "not snake_case", "for example"),
        ("encoder.a.b", "not snake_case", "did you mean 'encoder.a_b'?"),
        ("encoder.lambda", "Python keyword", "otherwise"),
        ("encoder.mamba_encoder", "repeats the kind", "bstkit new encoder.mamba"),
        ("encoder.encoder", "repeats the kind", "bstkit new encoder.mine"),
    ],
)
def test_wrong_keys_are_refused(key, message, hint):
    with pytest.raises(ComponentError, match=message) as caught:
        package_names(key)
    assert hint in caught.value.hint


@pytest.mark.parametrize("package", ["Mamba", "bstkit_mamba", "-mamba", "bstkit/mamba", "2fast"])
def test_wrong_packages_are_refused(package):
    with pytest.raises(ComponentError, match="no name for a package"):
        package_names("encoder.mamba", package)


def test_names_of_built_in_components_are_taken():
    provided = load_registry().list()
    with pytest.raises(ComponentError, match=r"encoder\.gru is there already, of bstkit") as caught:
        check_untaken(package_names("encoder.gru"), provided)
    assert "take" not in caught.value.hint
    check_untaken(package_names("pooling.gru"), provided)


def test_names_of_other_plugins_are_taken_until_these_are_gone(monkeypatch):
    packages = Packages(monkeypatch)
    packages.add("bstkit-mamba", component("encoder.mamba"))
    provided = load_registry(found=packages.found).list()
    with pytest.raises(ComponentError, match=r"encoder\.mamba is there already, of bstkit-mamba 1\.0") as caught:
        check_untaken(package_names("encoder.mamba"), provided)
    assert "take bstkit-mamba out first" in caught.value.hint


@pytest.mark.parametrize(
    ("package", "message"),
    [("numpy", "a module numpy"), ("dataclasses", "a module dataclasses"), ("pyyaml", "a package pyyaml")],
)
def test_names_of_installed_modules_and_packages_are_taken(package, message):
    with pytest.raises(ComponentError, match=message) as caught:
        check_untaken(package_names("encoder.mamba", package), ())
    assert "--package" in caught.value.hint
