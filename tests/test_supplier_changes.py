"""What is said of components that come from elsewhere."""

from bstkit.supplier import recorded
from bstkit.supplier_changes import supplier_changes

THEN = {
    "encoder.gated": "bstkit-gru 0.2.0",
    "pooling.mean": "bstkit 0.1.0",
    "score.gated": "bstkit-gru 0.2.0",
    "pooling.hull": "bstkit-hull 1.0",
    "position.mine": f"/there/mine.py sha256:{'a' * 64}",
}


def changes(**now):
    return supplier_changes(recorded(THEN), recorded({**THEN, **{key.replace("__", "."): now[key] for key in now}}))


def test_nothing_differs():
    found = changes()
    assert (found.lines, found.hint) == ((), "")


def test_one_line_names_all_components_of_a_change():
    found = changes(encoder__gated="bstkit-gru 0.3.0", score__gated="bstkit-gru 0.3.0", pooling__hull="extras 2.0")
    assert found.lines == (
        "encoder.gated, score.gated: bstkit-gru 0.2.0 then, bstkit-gru 0.3.0 now",
        "pooling.hull: bstkit-hull 1.0 then, extras 2.0 now",
    )
    assert found.hint == 'pip install "bstkit-gru==0.2.0" "bstkit-hull==1.0"'


def test_changed_file_is_named_with_both_digests():
    found = changes(position__mine=f"/here/mine.py sha256:{'b' * 64}")
    assert found.lines == (
        "position.mine: /here/mine.py was changed since, SHA-256 aaaaaaaaaaaa... then, bbbbbbbbbbbb... now",
    )
    assert found.hint == "put /there/mine.py back as it was"


def test_bstkits_own_version_is_left_out():
    assert changes(pooling__mean="bstkit 0.2.0").lines == ()


def test_built_in_component_that_a_plugin_gives_now_is_named():
    assert changes(pooling__mean="bstkit-hull 1.0").lines == ("pooling.mean: bstkit 0.1.0 then, bstkit-hull 1.0 now",)


def test_components_that_one_side_does_not_know_are_left_out():
    assert supplier_changes(recorded(THEN), {}).lines == ()
    assert supplier_changes(recorded(None), recorded(THEN)).lines == ()
