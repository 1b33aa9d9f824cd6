"""A run of a plugin's component and an export pass of the plugin: what its bundle says of both.

The plugin is a later version than the one that the run was trained with.
"""

import json

import onnx
import pytest

from bstkit.artefact import load_run
from bstkit.build import export_run
from bstkit.bundle.card import CARD
from bstkit.bundle.diff import diff_bundles
from bstkit.bundle.manifest import read_manifest
from bstkit.component import GraphPass
from bstkit.export.identity import identity_of, licences_of
from bstkit.hookspecs import hookimpl
from bstkit.version import __version__
from tests.plugin_packages import Packages
from tests.report.reader import read
from tests.supplied import KEY, add_third, third

NOTHING = {"name": "nothing", "summary": "Leave every node.", "supplier": "bstkit-third 1.1"}


def leave(model):
    """A pass."""


@hookimpl
def bstkit_export_passes():
    yield GraphPass("nothing", f"{__name__}:leave", "Leave every node.")


@pytest.fixture(scope="module")
def run(built, tmp_path_factory):
    """A run whose export is a plugin's."""
    folder = third(built.run.folder, tmp_path_factory.mktemp("suppliers") / "june", bundle=False)
    provenance = json.loads((folder / "provenance.json").read_bytes())
    provenance["callbacks"] = {"bstkit-third 1.0": ["Watch", "Stop"]}
    (folder / "provenance.json").write_text(json.dumps(provenance))
    with pytest.MonkeyPatch.context() as patched:
        packages = Packages(patched)
        add_third(packages, "1.1", bstkit_export_passes=bstkit_export_passes)
        patched.setattr("bstkit.manager.entry_points", lambda group: packages.found)
        opened = load_run(folder)
        export_run(opened)
    return opened


def test_manifest_says_who_gave_components_then_and_what_made_the_file(run, built):
    identity = read_manifest(run.bundle).identity
    assert identity.components[KEY] == "bstkit-third 1.0"
    assert identity.components["encoder.transformer"] == built.run.provenance["components"]["encoder.transformer"]
    assert identity.versions["bstkit-third"] == "1.1"


def test_report_and_metadata_say_which_passes_ran(run):
    report = json.loads((run.bundle / "report.json").read_bytes())
    assert report["passes"] == [NOTHING]
    assert report["versions"]["bstkit-third"] == "1.1"
    assert report["training"]["callbacks"] == {"bstkit-third 1.0": ["Watch", "Stop"]}
    metadata = {one.key: one.value for one in onnx.load(run.model).metadata_props}
    assert json.loads(metadata["bstkit.passes"]) == [NOTHING]
    assert json.loads(metadata["bstkit.components"])[KEY] == "bstkit-third 1.0"


def test_card_and_page_show_them(run):
    card = (run.bundle / CARD).read_text(encoding="utf-8")
    for line in (
        f"| `{KEY}` | bstkit-third 1.0 |",
        "* callbacks of bstkit-third 1.0: `Watch`, `Stop`",
        "| `nothing` | Leave every node. | bstkit-third 1.1 |",
        "| `bstkit-third` | 1.1 |",
    ):
        assert f"{line}\n" in card
    page = (run.folder / "report.html").read_text(encoding="utf-8")
    tables = read(page).tables()
    rows = {name: [[cell.text for cell in row] for row in found] for name, found in tables.items()}
    assert [KEY, "bstkit-third 1.0"] in rows["Components"]
    assert rows["From plugins"] == [
        ["callback", "Watch", "bstkit-third 1.0"],
        ["callback", "Stop", "bstkit-third 1.0"],
        ["export pass", "nothing", "bstkit-third 1.1"],
    ]
    assert ["bstkit-third", "-", "1.1"] in rows["Versions"]


def test_diff_names_other_suppliers(run, built):
    told = {one.where: one.what for one in diff_bundles(built.run.bundle, run.bundle).changes}
    assert told[f"component {KEY}"] == "bstkit-third 1.0 instead of none"
    assert told["component pooling.attention"].startswith("none instead of bstkit ")
    assert told["version bstkit-third"] == "1.1 instead of none"


def test_built_in_models_have_no_passes_of_plugins(built):
    report = json.loads((built.run.bundle / "report.json").read_bytes())
    assert report["passes"] == []
    assert "callbacks" not in report["training"]
    assert "From plugins" not in (built.run.folder / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("text", ["/home/me/mine.py sha256:" + "a" * 64, "/home/me/mine.py"])
def test_bundle_names_no_place_of_a_local_file(tiny_small, text):
    identity = identity_of(tiny_small, {"components": {"encoder.mine": text}})
    assert identity.components == {"encoder.mine": text.removeprefix("/home/me/")}
    assert not any("mine" in name for name in licences_of(tiny_small, identity).packages)


def test_model_without_a_run_says_who_supplies_it_now(tiny_small):
    identity = identity_of(tiny_small, None)
    assert identity.components.keys() == {use.key for use in tiny_small.selection.uses}
    assert set(identity.components.values()) == {f"bstkit {__version__}"}
