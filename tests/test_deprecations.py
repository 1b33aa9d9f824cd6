"""The way from a deprecation to a removal, proved on tables of the test: nothing is deprecated today."""

import keras
import numpy as np
import pytest
from keras import ops

from bstkit import contracts, deprecations, hookspecs
from bstkit.compose import compose
from bstkit.contracts import CONTRACT_VERSION, KINDS, OLDEST_CONTRACT, TENSORS
from bstkit.deprecations import Deprecation
from bstkit.errors import PluginError
from bstkit.hookspecs import hookimpl, hookspec
from bstkit.manager import load_plugins
from bstkit.registry import load_registry
from bstkit.slots import called_with
from tests.export.recipes import features
from tests.plugin_packages import Packages, component

TENSOR = Deprecation("tensor", "behaviours", since=2, removed=3, replacement="sequence")
HOOK = Deprecation("hook", "bstkit_watchers", since=2, removed=3, replacement="bstkit_callbacks")
ARGUMENT = Deprecation("argument", "bstkit_callbacks.training", since=2, removed=3, replacement="run")
FIELD = Deprecation("field", "reference", since=2, removed=3, replacement="summary")


class OldSum(keras.layers.Layer):
    """A pooling written when `sequence` was still called `behaviours`."""

    def call(self, behaviours, mask):
        return ops.sum(behaviours * ops.cast(mask, "float32")[..., None], axis=1)


class EitherSum(keras.layers.Layer):
    """A pooling that works with both contracts."""

    def call(self, mask, sequence=None, behaviours=None):
        return ops.sum((behaviours if sequence is None else sequence) * ops.cast(mask, "float32")[..., None], axis=1)


@pytest.fixture
def packages(monkeypatch):
    return Packages(monkeypatch)


@pytest.fixture
def contract(monkeypatch):
    """Let the contract be another version, with these rows in the table."""

    def become(version, *rows, oldest=1):
        monkeypatch.setattr(contracts, "CONTRACT_VERSION", version)
        monkeypatch.setattr(contracts, "OLDEST_CONTRACT", oldest)
        monkeypatch.setattr(deprecations, "DEPRECATIONS", rows)

    return become


def old_sum(packages, contract=1, name="OldSum"):
    packages.add("bstkit-old", component("pooling.old", target=f"{__name__}:{name}", contract=contract))


def plugin(packages):
    return load_plugins(packages.found).found[1]


# The shipped tables.


def test_nothing_is_deprecated_in_the_first_contract():
    assert (CONTRACT_VERSION, OLDEST_CONTRACT) == (1, 1)
    assert deprecations.DEPRECATIONS == ()


def test_every_hook_kind_and_tensor_has_a_version_that_exists():
    assert set(hookspecs.SINCE) == set(hookspecs.hooks())
    versions = [
        *hookspecs.SINCE.values(),
        *(kind.since for kind in KINDS.values()),
        *(t.since for t in TENSORS.values()),
    ]
    assert all(1 <= version <= CONTRACT_VERSION for version in versions)


def test_a_thing_is_never_removed_in_the_version_that_deprecates_it():
    for since, removed in ((1, 2), (2, 2), (3, 2)):
        with pytest.raises(ValueError, match="removed a version after it is deprecated"):
            Deprecation("hook", "bstkit_x", since, removed, "bstkit_y")


# A tensor of a call.


def test_old_tensor_is_shown_before_its_class_is_imported(packages, contract):
    contract(2, TENSOR)
    old_sum(packages)
    packages.add("current", component("pooling.new", contract=2), component("head.mine"))
    found = {one.distribution: one for one in load_plugins(packages.found).found}
    assert found["bstkit-old"].condition == "loaded, deprecated"
    assert found["bstkit-old"].remarks[0].text == (
        "pooling.old is written for contract 1: tensor `behaviours` of a call is deprecated since contract 2: use "
        "`sequence`; contract 3 is without it"
    )
    assert found["current"].remarks == ()  # a head is never given a sequence


def test_old_tensor_is_passed_under_its_old_name_and_warned_of(packages, contract, caplog, small_selection):
    contract(2, TENSOR)
    old_sum(packages)
    registry = load_registry(found=packages.found)
    scores = {}
    for name in ("sum", "old"):
        use = small_selection.pooling[0].model_copy(update={"key": f"pooling.{name}", "parameters": {}})
        chosen = small_selection.model_copy(update={"pooling": (use,)})
        keras.utils.set_random_seed(0)
        composed = compose(chosen, features(dim=8, max_length=5), registry)
        [step] = [step for step in composed.steps if step.use.kind == "pooling"]
        assert set(step.reads) == {"sequence", "mask"}
        rows = {spec.name: np.ones((2, 3)[: len(spec.dims)], spec.dtype) for spec in composed.inputs}
        scores[name] = composed.serving(rows)["ctr"].numpy()
    np.testing.assert_array_equal(scores["old"], scores["sum"])
    assert "pooling.old of bstkit-old 1.0: tensor `behaviours` of a call is deprecated since contract 2" in caplog.text


def test_component_of_the_new_contract_has_no_excuse(packages, contract):
    contract(2, TENSOR)
    old_sum(packages, contract=2)
    with pytest.raises(PluginError) as caught:
        load_registry(found=packages.found).load_class("pooling.old")
    assert caught.value.message.startswith(
        "pooling.old of bstkit-old 1.0 is written for contract 2, and its call names `behaviours`: tensor"
    )
    assert "its author writes `sequence`" in caught.value.hint


@pytest.mark.parametrize("version", [1, 2, 3])
def test_component_may_name_both_and_work_with_both(packages, contract, version, caplog):
    contract(version, TENSOR)
    old_sum(packages, name="EitherSum")
    loaded = load_registry(found=packages.found).load_class("pooling.old")
    assert list(called_with(loaded)) == ["mask", "sequence", "behaviours"]
    assert not caplog.records


def test_removed_tensor_is_an_error_that_names_what_took_its_place(packages, contract):
    contract(3, TENSOR)
    old_sum(packages)
    with pytest.raises(PluginError, match="`behaviours` of a call was removed in contract 3: use `sequence`"):
        load_registry(found=packages.found).load_class("pooling.old")


def test_component_older_than_the_oldest_contract_is_shown_with_what_was_removed(packages, contract):
    contract(3, TENSOR, oldest=2)
    old_sum(packages)
    packages.add("sound", component("pooling.sound", contract=2))
    found = {one.distribution: one for one in load_plugins(packages.found).found}
    assert found["sound"].state == "loaded"
    assert found["bstkit-old"].state == "older contract"
    assert found["bstkit-old"].cause == (
        "pooling.old is written for contract 1; this bstkit knows 2 to 3: upgrade the plugin; tensor `behaviours` of a "
        "call was removed in contract 3: use `sequence`"
    )
    assert found["bstkit-old"].advice == "upgrade bstkit-old, or install an older bstkit"
    with pytest.raises(PluginError, match=r"pooling\.old comes from bstkit-old 1\.0, which did not load"):
        load_registry(found=packages.found).resolve("pooling.old")


# A hook.


@pytest.fixture
def old_hook(packages, monkeypatch):
    """A plugin with a hook that is called `bstkit_callbacks` by now; hookspecs.py keeps the old one until it goes."""

    def bstkit_watchers(run):
        yield f"watching {run}"

    monkeypatch.setattr(hookspecs, "bstkit_watchers", hookspec(bstkit_watchers), raising=False)
    monkeypatch.setitem(hookspecs.SINCE, "bstkit_watchers", 1)
    packages.add("bstkit-old", bstkit_watchers=hookimpl(bstkit_watchers))


def test_old_hook_is_called_shown_and_warned_of(packages, contract, old_hook, caplog):
    contract(2, HOOK)
    assert (plugin(packages).condition, plugin(packages).cause) == ("loaded, deprecated", "")
    assert (
        plugin(packages).remarks[0].text.startswith("hook bstkit_watchers is deprecated since contract 2: use `bstkit_")
    )
    items = load_plugins(packages.found).collect("bstkit_callbacks", run="it")
    assert [(one.distribution, item) for one, item in items] == [("bstkit-old", "watching it")]
    assert caplog.messages == [
        "plugin bstkit-old 1.0: hook bstkit_watchers is deprecated since contract 2: use `bstkit_callbacks`; contract 3"
        " is without it"
    ]


def test_removed_hook_makes_a_plugin_of_an_older_contract(packages, contract, old_hook, monkeypatch):
    contract(3, HOOK)
    monkeypatch.delattr(hookspecs, "bstkit_watchers")
    assert plugin(packages).state == "older contract"
    assert plugin(packages).cause == (
        "hook bstkit_watchers was removed in contract 3: use `bstkit_callbacks`; upgrade the plugin"
    )


# An argument of a hook.


def old_argument(packages):
    @hookimpl
    def bstkit_callbacks(training):
        yield f"watching {training}"

    packages.add("bstkit-old", bstkit_callbacks=bstkit_callbacks)


def test_old_argument_is_given_shown_and_warned_of(packages, contract, monkeypatch, caplog):
    def bstkit_callbacks(run, training):
        return ()

    contract(2, ARGUMENT)
    monkeypatch.setattr(hookspecs, "bstkit_callbacks", hookspec(bstkit_callbacks))
    old_argument(packages)
    assert (plugin(packages).condition, plugin(packages).cause) == ("loaded, deprecated", "")
    items = load_plugins(packages.found).collect("bstkit_callbacks", run="it")
    assert [item for _, item in items] == ["watching it"]
    assert "argument `training` of hook bstkit_callbacks is deprecated since contract 2: use `run`" in caplog.text


def test_removed_argument_makes_a_plugin_of_an_older_contract(packages, contract):
    contract(3, ARGUMENT)
    old_argument(packages)
    assert plugin(packages).state == "older contract"
    assert plugin(packages).cause.startswith("argument `training` of hook bstkit_callbacks was removed in contract 3")


# A field of Component.


def test_old_field_is_translated_shown_and_warned_of(packages, contract, caplog):
    contract(2, FIELD)
    packages.add("bstkit-old", component("encoder.path", target="pathlib:PurePath", summary="", reference="Old, 2019"))
    assert plugin(packages).remarks[0].text.startswith("encoder.path: field `reference` of Component is deprecated")
    registry = load_registry(found=packages.found)
    assert registry.resolve("encoder.path").component.summary == "Old, 2019"
    registry.load_class("encoder.path")
    assert "encoder.path of bstkit-old 1.0: field `reference` of Component is deprecated" in caplog.text


def test_removed_field_makes_a_plugin_of_an_older_contract(packages, contract):
    def bstkit_components():
        yield component("encoder.path", citation="Old, 2019")

    contract(3, Deprecation("field", "citation", since=2, removed=3, replacement="reference"))
    packages.add("bstkit-old", bstkit_components=hookimpl(bstkit_components))
    assert plugin(packages).state == "older contract"
    assert plugin(packages).cause.startswith("field `citation` of Component was removed in contract 3: use `reference`")
