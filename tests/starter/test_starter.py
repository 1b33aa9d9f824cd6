"""The files that a project starts from say what holds without them, and what they comment out is right, too."""

import re
import tomllib
from pathlib import Path

import pytest

from bstkit import starter
from bstkit.config.features import ContextNumeric, Features, History, LogColumns, Sampling, Space, Split
from bstkit.config.features_file import features_from_toml
from bstkit.config.registry_file import RegistryFile
from bstkit.config.resolve import load_selection
from bstkit.data.feature_files import features_for
from bstkit.errors import RunError
from bstkit.starter import FILES, write_starter

FOLDER = Path(starter.__file__).parent
LEARNED = {"rate", "rows", "mean", "std"}
RARE = {"length", "max_sessions", "session_length"}
_CODE = re.compile(r"# (\[[a-z.]+\]|[\"a-z_.]+\s*= .+)")


def uncommented(name, keep=lambda line: True):
    """The file with what it comments out."""
    lines = (FOLDER / name).read_text().splitlines()
    return "\n".join(line[2:] if _CODE.fullmatch(line) and keep(line) else line for line in lines)


def test_written_files_change_nothing(tmp_path):
    write_starter(tmp_path)
    empty = tmp_path / "empty"
    empty.mkdir()
    ours, default = (load_selection(working_folder=folder, environ={}) for folder in (tmp_path, empty))
    assert ours.model_copy(update={"origins": {}}) == default.model_copy(update={"origins": {}})
    assert features_from_toml((tmp_path / "features.toml").read_text()) == features_for(None)


def test_what_registry_comments_out_is_right():
    text = uncommented("registry.toml").replace("my_layers:", "/beside/my_layers.py:")  # as it is read from a folder
    values = tomllib.loads(text)
    RegistryFile.model_validate(values)
    assert values["recipe"]["mine"]["pooling"] == ["attention", "last"]
    assert values["export"]["licence"] == "CC-BY-4.0"


def test_registry_comments_show_the_defaults(tmp_path):
    shown = tomllib.loads(uncommented("registry.toml"))
    default = load_selection(working_folder=tmp_path, environ={})
    for table in ("train", "export"):
        settings = getattr(default, table)
        values = {key: value for key, value in shown[table].items() if key != "licence"}
        assert type(settings).model_validate(values) == settings


def test_what_features_comment_out_is_right():
    splits = ("# time   = {", "# user   = {", "# column =")
    text = uncommented("features.toml", lambda line: not line.startswith(splits))
    shown = Features.model_validate(tomllib.loads(text))
    assert shown.log.bad_rows == "error"
    assert shown.history["seen"].padding == "0"
    assert shown.sampling is not None


@pytest.mark.parametrize("way", ["time   = {", "user   = {", "column ="])
def test_each_way_to_split_is_right(way):
    text = uncommented("features.toml", lambda line: line.startswith(f"# {way}"))
    split = features_from_toml(text.replace("leave_last = 10", "")).split
    assert getattr(split, way.split()[0]) is not None


def test_every_key_of_features_is_shown():
    text = (FOLDER / "features.toml").read_text()
    tables = (Features, Space, LogColumns, History, ContextNumeric, Split, Sampling)
    keys = {key for table in tables for key in table.model_fields}
    shown = set(re.findall(r"\w+(?=\s*=)", text)) | set(re.findall(r"\[(\w+)", text))
    assert keys - shown == LEARNED | RARE


@pytest.mark.parametrize("name", FILES)
def test_link_that_leads_nowhere_is_not_replaced(tmp_path, name):
    (tmp_path / name).symlink_to(tmp_path / "gone")
    with pytest.raises(RunError, match=f"{name} already exists"):
        write_starter(tmp_path)


def test_file_that_appears_meanwhile_leaves_neither(tmp_path, monkeypatch):
    monkeypatch.setattr("bstkit.starter.check_untaken", lambda folder: None)
    (tmp_path / "features.toml").write_text("mine")
    with pytest.raises(RunError):
        write_starter(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["features.toml"]
