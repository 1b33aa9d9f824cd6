"""What the programs refuse: other contracts, damaged files, scores that differ."""

import re
import shutil

import numpy as np
import pytest

from bstkit.bundle.manifest import MODEL, read_manifest
from tests.bundle.changes import cover, edit_manifest, flip


@pytest.mark.parametrize("program", ["score", "replay"])
def test_bundle_of_another_contract_is_refused(site, program):
    digests = [read_manifest(site.bundle(name)).contract_sha256 for name in ("small", "din_raw")]
    events = ("--events", "-") if program == "score" else ()
    done = site.run("din_raw", program, "--bundle", site.bundle("small"), *events, input="{}\n")
    assert (done.returncode, done.stdout) == (1, "")
    assert all(digest in done.stderr for digest in digests)
    assert "hint:" in done.stderr


@pytest.fixture
def bundle(site, tmp_path):
    """A copy of the bundle with raw ids, to be changed."""
    return shutil.copytree(site.bundle("din_raw"), tmp_path / "bundle")


def test_model_of_another_contract_is_refused(site, bundle):
    digest = read_manifest(site.bundle("small")).contract_sha256
    shutil.copy(site.bundle("small") / MODEL, bundle / MODEL)
    cover(bundle, MODEL)
    done = site.run("din_raw", "score", "--bundle", bundle, "--events", "-", input="{}\n")
    assert done.returncode == 1
    assert f"model   {digest}" in done.stderr


def cut_short(bundle):
    (bundle / "manifest.json").write_text((bundle / "manifest.json").read_text()[:-10])


def forget(bundle):
    edit_manifest(bundle, lambda content: content.pop("tolerances"))


def newer(bundle):
    edit_manifest(bundle, lambda content: content.update(schema_version=2))


def too_new(bundle):
    edit_manifest(bundle, lambda content: content["graph"].update(lowest_onnxruntime="99.1"))


def rewrite(name, change):
    """A change of a vocabulary's lines with its traces covered."""

    def changed(bundle):
        path = bundle / name
        path.write_text("".join(change(path.read_text().splitlines(keepends=True))))
        cover(bundle, name)

    return changed


@pytest.mark.parametrize(
    ("damage", "exit_code", "says"),
    [
        (cut_short, 1, "manifest.json is damaged"),
        (forget, 1, "manifest.json is damaged: .*tolerances"),
        (newer, 2, "is of format 2"),
        (too_new, 2, "needs 99.1 or later"),
        (lambda bundle: (bundle / "manifest.json").unlink(), 2, "manifest.json cannot be read"),
        (lambda bundle: flip(bundle / MODEL), 1, "model.onnx was changed"),
        (lambda bundle: (bundle / MODEL).unlink(), 1, "model.onnx is missing"),
        (lambda bundle: flip(bundle / "vocab/cate.txt", 0), 1, "vocab/cate.txt was changed"),
        (lambda bundle: (bundle / "vocab/cate.txt").write_text("a\n"), 1, "has 2 bytes instead of"),
        (rewrite("vocab/cate.txt", lambda lines: lines[:-1]), 1, "makes 13 rows, and the table .* cate has 14"),
        (rewrite("vocab/cate.txt", lambda lines: [*lines[:-1], lines[0]]), 1, "a repeated key for id 13"),
        (rewrite("vocab/cate.txt", lambda lines: [*lines[:-1], "x"]), 1, "cut short"),
    ],
)
def test_damaged_bundle_is_refused(site, bundle, damage, exit_code, says):
    damage(bundle)
    done = site.run("din_raw", "score", "--bundle", bundle, "--events", "-", input="{}\n")
    assert (done.returncode, done.stdout) == (exit_code, ""), done.stderr
    assert re.search(says, done.stderr)
    assert "\nhint:  " in done.stderr


def test_vector_with_other_scores_is_refused(site, bundle):
    flip(bundle / "test_data_set_0/output_1.pb", -2)
    refused = site.run("din_raw", "replay", "--bundle", bundle, "--vector", "typical")
    assert (refused.returncode, "was changed" in refused.stderr) == (1, True)
    cover(bundle, "test_data_set_0/output_1.pb")
    differs = site.run("din_raw", "replay", "--bundle", bundle, "--vector", "typical")
    assert differs.returncode == 1
    assert re.search(r"typical: output 'ctr_logit', row \d+ is \S+ instead of", differs.stderr)
    assert site.run("din_raw", "replay", "--bundle", bundle, "--vector", "length_1").returncode == 0


def test_damaged_vectors_never_crash_the_reader(site, bundle):
    rng = np.random.default_rng(0)
    names = ["test_data_set_0/input_0.pb", "test_data_set_0/input_1.pb", "test_data_set_0/output_0.pb"]
    refused = 0
    for number in range(24):
        name = names[number % 3]
        before = (bundle / name).read_bytes()
        after = bytearray(before[: rng.integers(1, len(before))] if number % 2 else before)
        after[rng.integers(min(len(after), 24))] = rng.integers(256)
        (bundle / name).write_bytes(after)
        cover(bundle, name)
        refused += site.run("din_raw", "replay", "--bundle", bundle, "--vector", "typical").returncode > 0
        (bundle / name).write_bytes(before)
        cover(bundle, name)
    assert refused > 12
