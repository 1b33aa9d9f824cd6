"""A run of a plugin's components: a copy of one of built-in components, told and recorded otherwise, not trained."""

import json
import shutil
from pathlib import Path
from typing import Any

from tests.plugin_packages import Packages, component

KEY = "pooling.third"
SUPPLIER = "bstkit-third 1.0"


def third(run: Path, folder: Path, bundle: bool = True) -> Path:
    """Copy a run; its `pooling.attention` is then `pooling.third` of a plugin, which computes the same."""
    shutil.copytree(run, folder, ignore=None if bundle else shutil.ignore_patterns("bundle"))
    selection = folder / "selection.toml"
    text = selection.read_text(encoding="utf-8")
    assert 'key = "pooling.attention"' in text
    selection.write_text(text.replace('key = "pooling.attention"', f'key = "{KEY}"'), encoding="utf-8")
    provenance = json.loads((folder / "provenance.json").read_bytes())
    components = {key: by for key, by in provenance["components"].items() if key != "pooling.attention"}
    provenance["components"] = {**components, KEY: SUPPLIER}
    (folder / "provenance.json").write_text(json.dumps(provenance), encoding="utf-8")
    return folder


def add_third(packages: Packages, version: str = "1.0", **contents: Any) -> None:
    """Install the plugin."""
    record = component(KEY, target="bstkit.plugins.attention_pooling:AttentionPooling")
    packages.add("bstkit-third", record, version=version, **contents)
