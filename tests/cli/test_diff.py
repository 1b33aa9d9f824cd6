"""`bstkit diff OLD NEW` on the command line."""

import shutil

import pytest

from tests.bundle.changes import edit_manifest, flip


@pytest.fixture
def bundle(built, tmp_path):
    """A copy of the small run's bundle."""
    return shutil.copytree(built.run.bundle, tmp_path / "new")


def test_equal_bundles_are_a_yes(run, built, bundle):
    done = run("diff", str(built.run.bundle), str(bundle))
    assert done.code == 0, done.err
    assert "NEW can replace OLD" in done.out
    assert "breaking" not in done.out
    assert "empty_history" in done.out


def test_raw_ids_are_a_no_with_reasons(run, built, tmp_path):
    assert run("export", str(built.run.folder), "--ids", "raw", "--out", "raw").code == 0
    done = run("diff", str(built.run.bundle), "raw")
    assert done.code == 1
    first = next(line for line in done.out.splitlines() if line.startswith("breaking"))
    assert "the graph takes raw ids instead of encoded ones" in first
    assert "dtype 'int64' instead of 'int32'" in done.out
    assert "NEW cannot replace OLD: " in done.out
    assert "cases that NEW does not take" in done.out
    assert "error" not in done.err

    told = run("diff", str(built.run.bundle), "raw", "--json")
    assert told.code == 1
    assert told.json["can_replace"] is False
    assert {"breaking": True, "where": "input item_id", "what": "dtype 'int64' instead of 'int32'"} in told.json[
        "changes"
    ]


def test_json_has_the_scores(run, built, bundle):
    done = run("diff", str(built.run.bundle), str(bundle), "--json", "--max-score-diff", "0")
    assert done.code == 0, done.err
    assert done.json["can_replace"] is True
    assert done.json["scores"]["outputs"]["ctr"]["max_abs"] == 0.0


def test_missing_bundle_could_not_run(run, built):
    done = run("diff", str(built.run.bundle), "gone")
    assert done.code == 2
    assert "gone/manifest.json cannot be read" in done.err
    assert "hint" in done.err


def test_run_folder_is_no_bundle(run, built):
    done = run("diff", str(built.run.folder), str(built.run.bundle))
    assert done.code == 2
    assert "manifest.json cannot be read" in done.err


def test_changed_bundle_could_not_run(run, built, bundle):
    flip(bundle / "vocab" / "item.txt", 0)
    done = run("diff", str(built.run.bundle), str(bundle))
    assert done.code == 2
    assert "vocab/item.txt was changed" in done.err


def test_newer_format_could_not_run(run, built, bundle):
    edit_manifest(bundle, lambda content: content.update(schema_version=99))
    done = run("diff", str(bundle), str(built.run.bundle))
    assert done.code == 2
    assert "upgrade bstkit" in done.err


def test_negative_difference_is_a_usage_error(run, built, bundle):
    done = run("diff", str(built.run.bundle), str(bundle), "--max-score-diff", "-1")
    assert done.code == 2
    assert "--max-score-diff" in done.err
