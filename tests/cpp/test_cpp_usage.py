"""What the programs say to events and options that they cannot take, and odd events that they can."""

import re

import pytest

from tests.cpp.programs import LIBRARY


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("", "is no JSON"),
        ('{"item_id": 1', "is no JSON"),
        ('{"price": NaN}', "is no JSON"),
        ('{"item_id": "\udcff"}', "is no JSON"),
        ("[1]", "is no JSON object"),
        ("7", "is no JSON object"),
        ('{"item_id": [1]}', "item_id is not one value"),
        ('{"item_id": 1.0}', "item_id takes strings, integers and null"),
        ('{"item_id": true}', "item_id takes strings"),
        ('{"hist_item_id": 7}', "hist_item_id is not an array of arrays"),
        ('{"hist_item_id": [1, 2]}', "hist_item_id is not an array of arrays"),
        ('{"hist_item_id": [[1], 2]}', "nested unevenly"),
        ('{"hist_item_id": [1, [2]]}', "nested unevenly"),
        ('{"hist_item_id": [[[1]]]}', "nested unevenly"),
        (
            '{"hist_item_id": [[1], [2]], "hist_cate_id": [["a", "b"]]}',
            r"2 steps in sessions of 1, 1 and hist_cate_id has 2",
        ),
        ('{"seen_item_id": [[1]]}', "seen_item_id is not an array$"),
        ('{"seen_item_id": [1, 2]}', "seen_item_id has 2 steps and seen_cate_id has 0 steps"),
        ('{"num_seen": 1}', "num_seen is no whole number from 0 to 0"),
        ('{"num_seen": "1"}', "num_seen is no whole number"),
        ('{"tags_tags": ["a"], "tags_weight": ["b"]}', "tags_weight takes numbers"),
        ('{"price": "3"}', "price takes numbers and null"),
        ('{"price": 1e300}', "price holds a number that float32 cannot hold"),
        ('{"price": {"amount": 3}}', "price takes numbers"),
    ],
)
def test_wrong_event_is_named_by_its_line(site, line, says):
    arguments = ("rich", "score", "--bundle", site.bundle("rich"), "--events", "-", "--batch", "1")
    done = site.run(*arguments, input=f"{{}}\n{line}\n{{}}\n")
    assert done.returncode == 2
    assert len(done.stdout.splitlines()) == 1  # the batch before it was scored
    assert re.search(rf"^error: line 2:? .*{says}", done.stderr, re.MULTILINE), done.stderr


def test_null_sessions_twice_written_keys_and_deep_nesting_are_taken(site):
    deep = "[" * 100_000 + "]" * 100_000
    lines = [
        '{"hist_item_id": [[], [100]], "hist_cate_id": [[], ["?"]], "item_id": 101}',
        '{"item_id": [[9]], "hist_item_id": [null, ["100"]], "hist_cate_id": [null, ["?"]], "item_id": "101"}',
        f'{{"hist_item_id": [[], [100]], "x": {deep}, "hist_cate_id": [[], ["?"]], "item_id": 101}}\r',
    ]
    arguments = ("rich", "score", "--bundle", site.bundle("rich"), "--events", "-")
    done = site.run(*arguments, input="\n".join(lines))
    assert done.returncode == 0, done.stderr
    assert len(set(done.stdout.splitlines())) == 1
    assert site.run(*arguments, input="{}\n").stdout not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--events", "-"), "--bundle is missing"),
        (("--bundle", "BUNDLE"), "--events is missing"),
        (("--bundle", "BUNDLE", "--events", "nowhere"), "nowhere cannot be read"),
        (("--bundle", "BUNDLE", "--events", "-", "--batch", "0"), "--batch takes a whole number"),
        (("--bundle", "BUNDLE", "--events", "-", "--ort-library", "nowhere"), "cannot open ONNX Runtime: nowhere"),
        (("--bundle", "BUNDLE", "--events", "-"), "is empty: it has no events"),
        (("--bundel",), "no option '--bundel'"),
        (("--bundle",), "--bundle needs a value"),
    ],
)
def test_wrong_usage_is_one_error_and_a_hint(site, arguments, says):
    bundle = str(site.bundle("small"))
    done = site.run("small", "score", *(part.replace("BUNDLE", bundle) for part in arguments), input="")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")
    assert says in done.stderr
    assert "\nhint:  " in done.stderr


def test_batch_past_a_fixed_one_and_a_library_of_a_linked_program_are_refused(site):
    arguments = ("rich_fixed", "score", "--bundle", site.bundle("rich_fixed"), "--events", "-")
    large = site.run(*arguments, "--batch", "5", input="{}\n" * 5)
    assert (large.returncode, "a batch of 5 events is too large" in large.stderr) == (2, True)
    linked = site.run(*arguments, "--ort-library", LIBRARY, input="{}\n")
    assert (linked.returncode, "linked with ONNX Runtime" in linked.stderr) == (2, True)
