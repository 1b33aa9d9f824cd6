"""What the package declares, and that its components obey the rules of bstkit."""

import subprocess
import sys

from bstkit import load_registry
from bstkit.testing import parametrize_with_rules

import bstkit_industry


def test_records_name_what_is_there():
    from importlib import import_module

    records = [*bstkit_industry.bstkit_components(), *bstkit_industry.bstkit_export_passes()]
    for record in records:
        module, _, name = record.target.partition(":")
        assert callable(getattr(import_module(module), name))
    assert [getattr(record, "key", record.name) for record in records] == [
        "encoder.hstu",
        "pooling.target_attention",
        "head.ple",
        "merge_products",
    ]


def test_bstkit_finds_the_plugin():
    [plugin] = [one for one in load_registry().plugins.found if one.distribution == "bstkit-industry"]
    assert (plugin.state, plugin.cause) == ("loaded", "")


def test_declaring_imports_nothing_heavy():
    code = "import bstkit_industry as p, sys; list(p.bstkit_components()); print({'keras', 'numpy'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


@parametrize_with_rules("encoder.hstu", "pooling.target_attention", "head.ple")
def test_obeys_the_rules(check):
    check()
