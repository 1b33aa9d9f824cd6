"""`bstkit new` on the command line."""

import pytest


def test_new_writes_a_package_and_says_what_to_do(run, tmp_path):
    ran = run("new", "encoder.mamba")
    assert (ran.code, ran.err) == (0, "")
    written = [line.split()[1] for line in ran.out.splitlines() if line.startswith("written")]
    assert "bstkit-mamba/bstkit_mamba/layers.py" in written
    assert all((tmp_path / file).is_file() for file in written)
    assert [line.removeprefix("next  ").strip() for line in ran.out.splitlines() if line.startswith("next")] == [
        "cd bstkit-mamba",
        "pip install --editable '.[test]'",
        "pytest",
        "bstkit check encoder.mamba",
        "bstkit build --encoder mamba",
    ]


def test_new_as_json(run, tmp_path):
    ran = run("new", "score.match", "here", "--package", "our-scores", "--author", "Ada", "--json")
    assert (ran.code, ran.json["component"]) == (0, "score.match")
    assert ran.json["files"] == sorted(
        str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*") if file.is_file()
    )
    assert "here/our_scores/__init__.py" in ran.json["files"]
    assert ran.json["next"][0] == "cd here"
    assert 'authors = [{ name = "Ada" }]' in (tmp_path / "here" / "pyproject.toml").read_text()


@pytest.mark.parametrize(
    ("arguments", "error", "hint"),
    [
        (("encodr.mamba",), "no kind named 'encodr'", "did you mean 'encoder'?"),
        (("encoder.gru",), "encoder.gru is there already, of bstkit", "choose another name"),
        (("encoder.mamba", "."), ". already exists", "give another folder"),
        (("encoder.mamba", "--package", "keras"), "a module keras", "--package"),
    ],
    ids=["kind", "component", "folder", "package"],
)
def test_new_refuses_and_writes_nothing(run, tmp_path, arguments, error, hint):
    ran = run("new", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert error in ran.err.splitlines()[0]
    assert hint in ran.err.splitlines()[1]
    assert list(tmp_path.iterdir()) == []


def test_new_leaves_an_existing_folder_alone(run, tmp_path):
    (tmp_path / "bstkit-mamba").mkdir()
    ran = run("new", "encoder.mamba")
    assert ran.code == 2
    assert "bstkit-mamba already exists; nothing was written" in ran.err
    assert list((tmp_path / "bstkit-mamba").iterdir()) == []
