"""Parameters are checked against the constructors of the selected classes, all in one run."""

import pytest

from bstkit.config.resolve import checked_selection
from bstkit.config.selection_file import selection_from_toml, selection_to_toml
from bstkit.errors import ConfigError, PluginError
from bstkit.registry import load_registry
from tests.plugin_packages import component


class Encoder:
    def __init__(self, units: int = 3, rate: float = 0.5) -> None:
        pass


class Head:
    def __init__(self, tasks: tuple[str, ...], widths: tuple[int, ...], scale: float = 1.0) -> None:
        pass


@pytest.fixture
def selected(resolve, packages):
    packages.add(
        "light",
        component("encoder.light", target=f"{__name__}:Encoder"),
        component("pooling.light", target=f"{__name__}:Encoder"),
        component("head.light", target=f"{__name__}:Head"),
        component("head.absent", target=f"{__name__}:Absent"),
    )

    def select(*settings, head="light", **slots):
        slots = {"position": "", "encoder": "light", "pooling": "light", "head": head, **slots}
        selection = resolve(slots=slots, settings=settings)
        return selection, load_registry(selection, found=packages.found)

    return select


def test_defaults_get_their_origin_and_nothing_else_changes(selected):
    selection, registry = selected("head.widths=[4, 2]", "encoder.units=5")
    checked = checked_selection(selection, registry)
    assert checked.model_copy(update={"origins": selection.origins}) == selection
    added = {path: origin for path, origin in checked.origins.items() if path not in selection.origins}
    assert added == dict.fromkeys(("encoder.rate", "pooling.units", "pooling.rate", "head.scale"), "default")


def test_every_problem_of_every_component_is_reported(selected):
    selection, registry = selected("encoder.unit=5", "encoder.rate=true", "pooling.units=[1]", "head.scale=1")
    with pytest.raises(ConfigError) as caught:
        checked_selection(selection, registry)
    assert caught.value.message.splitlines() == [
        "4 problems in the configuration",
        "--set: encoder.unit: Encoder has no parameter 'unit'; did you mean 'units'?",
        "--set: encoder.rate: must be a valid number; received True; its type is float",
        "--set: pooling.units: must be a valid integer; received [1]; its type is int",
        "--head: head.widths: Head needs this parameter; --set head.widths=...",
    ]


def test_a_class_that_cannot_be_imported_is_a_plugin_error(selected):
    selection, registry = selected(head="absent")
    with pytest.raises(PluginError, match=r"head\.absent of light 1\.0 cannot be imported: AttributeError"):
        checked_selection(selection, registry)


@pytest.mark.parametrize("recipe", ["bst_small", "bst"])
def test_packaged_recipes_fit_their_constructors(resolve, recipe):
    selection = resolve(recipe)
    checked = checked_selection(selection, load_registry(selection))
    assert "default" in checked.origins.values()


def test_selection_toml_reads_back_equal(resolve):
    selection = resolve(
        "bst",
        here='[components]\n"encoder.mine" = "a/b:C"\n[plugins]\ndisable = ["x"]\nprefer = { "encoder.y" = "z" }\n',
        slots={"position": "", "encoder": '["identity", { use = "transformer", dropout = 0.5 }]'},
        settings=["head.units=[8]", "export.opset=17"],
    )
    assert selection_from_toml(selection_to_toml(selection)) == selection


def test_selection_toml_with_every_slot_reads_back_equal(resolve):
    selection = resolve()
    assert selection_from_toml(selection_to_toml(selection)) == selection


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("candidate = ", "candidat = "), "candidat: unknown key"),
        (("epochs = 20", 'epochs = "x"'), "train.epochs: must be a valid integer; received 'x'"),
        (("[train]", "[train"), "is not valid TOML"),
    ],
    ids=["key", "type", "syntax"],
)
def test_a_damaged_selection_toml_is_one_clear_error(resolve, change, message):
    text = selection_to_toml(resolve()).replace(*change)
    with pytest.raises(ConfigError) as caught:
        selection_from_toml(text, "runs/a/selection.toml")
    assert "runs/a/selection.toml" in caught.value.message
    assert message in caught.value.message
