"""A package written against the first contract works with this bstkit; tests/first_contract/FROZEN.md says why."""

import json
import sys
import tomllib
from hashlib import sha256
from pathlib import Path

import onnx
import pytest

from bstkit.build import build
from bstkit.compose import compose
from bstkit.config.resolve import load_selection
from bstkit.contracts import KINDS
from bstkit.data.feature_files import features_for
from bstkit.hookspecs import SINCE
from bstkit.manager import load_plugins
from tests.export.recipes import features

FOLDER = Path(__file__).parent / "first_contract"
PACKAGE = "bstkit_first_contract"
DIGEST = "61ce7ee30704cb27dabae535381b1b3f9e3deb71b45760e961b56d6bc8eb801c"
"""SHA-256 over the name and the content of every file; it never changes."""

SELECTION = {
    "slots": {
        "candidate": "apart",
        "position": "first_steps",
        "encoder": '["score.first_dot", { use = "first_mix", units = 4 }, "objective.first_next"]',
        "pooling": '["first_mean", { use = "first_flat" }]',
        "head": "first_linear",
    },
    "settings": ["train.epochs=1", "train.batch_size=64", "position.hours=12"],
}


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The package where Python finds it, with the metadata that pip would write."""
    project = tomllib.loads((FOLDER / "pyproject.toml").read_text())["project"]
    site = tmp_path_factory.mktemp("site")
    info = site / f"{PACKAGE}-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    points = [f"{name} = {value}" for name, value in project["entry-points"]["bstkit"].items()]
    (info / "entry_points.txt").write_text("\n".join(["[bstkit]", *points]) + "\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(FOLDER)
        patch.syspath_prepend(site)
        yield
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


def test_nobody_edited_the_package():
    digest = sha256()
    for path in sorted(path for path in FOLDER.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
        digest.update(f"{path.relative_to(FOLDER).as_posix()}\0".encode() + path.read_bytes().replace(b"\r\n", b"\n"))
    assert digest.hexdigest() == DIGEST, "tests/first_contract is frozen: mend bstkit, not the package"


def test_package_is_found_and_nothing_is_wrong_with_it(installed):
    [plugin] = load_plugins().named("bstkit-first-contract")
    assert (plugin.condition, plugin.cause, plugin.version) == ("loaded", "", "1.0.0")
    assert {component.kind for component in plugin.components} == set(KINDS)
    assert set(plugin.hooks) == {hook for hook, since in SINCE.items() if since == 1}
    assert [one.name for one in plugin.passes] == ["first_mark"]


def test_package_trains_exports_and_verifies(installed, small_log, tmp_path):
    columns = features_for(small_log)
    history = columns.history["hist"].model_copy(update={"negatives": "uniform"})
    columns = columns.model_copy(update={"history": {"hist": history}})
    selection = load_selection(**SELECTION, working_folder=tmp_path, environ={})
    built = build(selection, tmp_path / "run", data=small_log, features=columns)
    from bstkit_first_contract import watching

    assert [(selection.recipe, ("ctr",), True), (0, True)] == watching.SEEN
    assert built.report.outputs["ctr"].max_abs <= 1e-5
    model = onnx.load(built.run.model)
    assert any(prop.key == "first_contract" for node in model.graph.node for prop in node.metadata_props)
    uses = json.loads((tmp_path / "run" / "composition.json").read_text())
    names = {line["name"] for line in uses}
    assert {"position.first_steps", "encoder.first_mix", "pooling.first_flat", "head.first_linear"} <= names


def test_package_composes_with_an_appended_candidate_and_built_ins(installed, tmp_path):
    slots = {"candidate": "append", "encoder": '["transformer", "first_mix"]', "pooling": "first_mean", "head": "mlp"}
    selection = load_selection("bst_small", slots=slots, working_folder=tmp_path, environ={})
    composed = compose(selection, features(dim=8, max_length=5))
    [step] = [step for step in composed.steps if step.use.key == "encoder.first_mix"]
    assert set(step.reads) == {"sequence", "mask", "target"}
