"""Who supplies a component: the text of it, and what counts as the same."""

import hashlib

import pytest

from bstkit.local_file import code_digest, import_local_file
from bstkit.supplier import Supplier, how_to_install, suppliers, versions

DIGEST = "0123456789abcdef" * 4

TEXTS = {
    "distribution": ("bstkit-gru 0.2.0", Supplier("bstkit-gru", "0.2.0")),
    "checkout": ("bstkit 0+checkout", Supplier("bstkit", "0+checkout")),
    "no version": ("bstkit-gru", Supplier("bstkit-gru")),
    "file": (f"/my layers/mine.py sha256:{DIGEST}", Supplier("/my layers/mine.py", sha256=DIGEST)),
    "file of an earlier bstkit": ("/my layers/mine.py", Supplier("/my layers/mine.py")),
}


@pytest.mark.parametrize(("text", "supplier"), TEXTS.values(), ids=TEXTS)
def test_text_is_read_back(text, supplier):
    assert Supplier.parse(text) == supplier
    assert str(supplier) == text


SAME = {
    "spelling of a name": ("bstkit-gru 0.2.0", "Bstkit_GRU 0.2.0", True),
    "version": ("bstkit-gru 0.2.0", "bstkit-gru 0.2.1", False),
    "distribution": ("bstkit-gru 0.2.0", "bstkit-extras 0.2.0", False),
    "file elsewhere": (f"/a/mine.py sha256:{DIGEST}", f"/b/mine.py sha256:{DIGEST}", True),
    "changed file": (f"/a/mine.py sha256:{DIGEST}", f"/a/mine.py sha256:{'0' * 64}", False),
    "file without a digest": ("/a/mine.py", f"/a/mine.py sha256:{DIGEST}", True),
    "file and distribution": ("/a/mine.py", "mine 1.0", False),
}


@pytest.mark.parametrize(("one", "other", "same"), SAME.values(), ids=SAME)
def test_same_code_is_told_from_other_code(one, other, same):
    one, other = Supplier.parse(one), Supplier.parse(other)
    assert one.gives_the_same(other) is other.gives_the_same(one) is same


def test_place_of_a_file_is_left_out_for_others():
    assert str(Supplier("/home/me/mine.py", sha256=DIGEST).placeless) == f"mine.py sha256:{DIGEST}"
    assert Supplier("bstkit-gru", "0.2.0").placeless == Supplier("bstkit-gru", "0.2.0")


def test_command_installs_what_an_index_can_have():
    wanted = [Supplier("bstkit-gru", "0.2.0"), Supplier("bstkit-gru", "0.2.0"), Supplier("extras", "1.0")]
    assert how_to_install(wanted) == ['pip install "bstkit-gru==0.2.0" "extras==1.0"']
    assert how_to_install([Supplier("bstkit", "0+checkout")]) == ["install bstkit 0+checkout as it was then"]
    assert how_to_install([]) == []


def test_versions_are_those_of_plugins():
    found = [Supplier("bstkit", "0.1.0"), Supplier("bstkit-gru", "0.2.0"), Supplier("/a/mine.py", sha256=DIGEST)]
    assert versions(found) == {"bstkit-gru": "0.2.0"}


def test_registry_tells_who_supplies_now(monkeypatch, tmp_path):
    from bstkit.config.resolve import PluginSettings
    from bstkit.registry import load_registry
    from tests.plugin_packages import Packages, component

    file = tmp_path / "mine.py"
    file.write_text("class Mine: ...\n")
    packages = Packages(monkeypatch)
    packages.add("bstkit-gru", component("encoder.gated"), version="0.2.0")
    choices = PluginSettings(components={"encoder.mine": f"{file}:Mine"}, prefer={}, disable=())
    found = suppliers(load_registry(choices, found=packages.found), ["encoder.gated", "encoder.mine", "encoder.gated"])
    assert found == {
        "encoder.gated": Supplier("bstkit-gru", "0.2.0"),
        "encoder.mine": Supplier(str(file), sha256=hashlib.sha256(file.read_bytes()).hexdigest()),
    }


def test_digest_is_that_of_the_code_that_runs(tmp_path):
    """A file that is edited after this process imported it still runs as it was."""
    file = tmp_path / "edited.py"
    file.write_text("number = 1\n")
    before = code_digest(file)
    assert import_local_file(file, "encoder.mine").number == 1
    file.write_text("number = 2\n")
    assert code_digest(file) == before
    assert code_digest(tmp_path / "gone.py") == ""
