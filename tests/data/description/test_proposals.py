"""The proposed features.toml loads, and reads the log that it was made from."""

import tomllib

import pytest

from bstkit.config.features import ContextId, ContextNumeric
from bstkit.config.features_file import features_from_toml, load_features
from bstkit.data.dataset import SPLITS, load_dataset
from bstkit.data.description import describe_log
from tests.data.description import logs
from tests.data.logs import write_recbole


@pytest.fixture(scope="module", params=logs.PROPOSED.values(), ids=logs.PROPOSED)
def described(request, tmp_path_factory):
    log = request.param(tmp_path_factory.mktemp("log") / "log.csv")
    return log, describe_log(log)


def test_proposal_prepares_the_log_it_was_made_from(described, tmp_path):
    log, description = described
    file = tmp_path / "features.toml"
    file.write_text(description.proposal, encoding="utf-8")
    dataset = load_dataset(log, load_features(file))
    assert [len(dataset.rows(split)) > 0 for split in SPLITS] == [True] * 3
    if dataset.features.sampling is None:
        assert sum(len(dataset.rows(split)) for split in SPLITS) == description.rows - description.untimed


def test_proposal_says_of_each_guess_that_it_is_one(described):
    _, description = described
    assert description.proposal.count("guessed: ") >= 3


def features_of(write, tmp_path):
    return features_from_toml(describe_log(write(tmp_path / "log.csv")).proposal)


def test_ratings_become_a_condition_that_some_events_miss(tmp_path):
    features = features_of(logs.reviews, tmp_path)
    assert features.log.labels == {"ctr": "overall >= 5"}
    assert (features.log.user, features.log.time) == ("reviewerID", "unixReviewTime")
    assert features.target == {"asin": "item", "brand": "brand"}


def test_prose_is_read_by_nothing_and_says_so(tmp_path):
    proposal = describe_log(logs.reviews(tmp_path / "log.csv")).proposal
    assert "summary" not in str(tomllib.loads(proposal))
    assert "#   summary: " in proposal


def test_unknown_names_are_guessed_from_values(tmp_path):
    features = features_of(logs.short_users, tmp_path)
    assert (features.log.user, features.log.time, features.log.time_unit) == ("visitor", "when", "ms")
    assert features.target == {"thing": "item", "kind": "kind"}
    assert features.context["price"] == ContextNumeric(numeric="standardise", missing=features.context["price"].missing)
    assert 9.5 < features.context["price"].missing < 80


def test_split_is_as_large_as_short_users_allow(tmp_path):
    assert features_of(logs.short_users, tmp_path).split.leave_last == 1
    assert features_of(logs.two_tasks, tmp_path).split.leave_last == 5


def test_several_labels_become_tasks(tmp_path):
    features = features_of(logs.two_tasks, tmp_path)
    assert features.log.labels == {"ctr": "click", "buy": "buy"}
    assert features.context["device"] == ContextId(space="device")
    assert "site" not in features.context


def test_clicks_among_what_was_shown_become_the_label(tmp_path):
    features = features_of(logs.impressions, tmp_path)
    assert features.log.labels == {"ctr": "action == 'click'"}
    assert (features.log.user, features.target) == ("member_id", {"ad_id": "item"})


def test_odd_names_are_quoted(tmp_path):
    features = features_of(logs.odd_names, tmp_path)
    assert features.log.user == "user id"
    assert list(features.target) == ["item-id", '1st "cat"']


def test_histories_in_the_row_are_found_with_their_companions(tmp_path):
    history = features_of(logs.row_histories, tmp_path).history
    hist = history["hist"]
    assert (hist.source, hist.fields) == ("row", {"hist_item": "item", "hist_cate": "cate"})
    assert (hist.separator, hist.mask_column, hist.time, hist.padding) == ("|", "hist_mask", "hist_ts", None)
    assert history["tags"].fields == {"tags": "tags"}


def test_padding_is_found_where_nothing_masks_it(tmp_path):
    rows = [[n % 9, n % 7 + 1, f"{n % 7 + 1},{n % 3 + 1},0", 1_700_000_000 + n, n % 2] for n in range(200)]
    log = logs.write_csv(tmp_path / "log.csv", ["user", "item", "clicked_items", "time", "label"], rows)
    hist = features_from_toml(describe_log(log).proposal).history["hist"]
    assert (hist.fields, hist.separator, hist.padding) == ({"clicked_items": "item"}, ",", "0")


def test_lists_of_json_lines_are_histories(tmp_path):
    features = features_of(logs.json_lines, tmp_path)
    assert features.history["hist"].fields == {"clicked_items": "item"}
    assert features.history["tags"].fields == {"tags": "tags"}
    assert list(features.context) == ["price", "user_id"]


def test_log_without_labels_is_to_be_sampled(tmp_path):
    description = describe_log(logs.behaviours(tmp_path / "log.csv"))
    features = features_from_toml(description.proposal)
    assert features.log.labels == {}
    assert features.sampling is not None
    assert "'behavior' holds pv, " in description.proposal.replace("\n# ", " ")
    assert "behavior" not in {*features.context, *features.target}


def test_what_cannot_be_found_is_said_and_left_to_fill_in(tmp_path):
    rows = [[n * 0.37, n * 1.1] for n in range(50)]
    description = describe_log(logs.write_csv(tmp_path / "log.csv", ["a", "b"], rows))
    features = features_from_toml(description.proposal)
    assert features.log.user == "user_column"
    assert [line for line in description.proposal.splitlines() if line.startswith("# NOT READY: ")] == [
        f"# NOT READY: {warning}" for warning in description.warnings[:3]
    ]
    assert description.users is None


def test_users_with_single_events_are_split_by_time(tmp_path):
    split = features_of(logs.single_events, tmp_path).split
    assert split.time is not None
    assert (split.time.validation, split.time.test) == (0.1, 0.1)


def test_rows_without_a_time_are_to_be_skipped(tmp_path):
    rows = [[f"u{n % 5}", f"i{n % 9}", "" if n == 7 else 1_700_000_000 + n, n % 2] for n in range(50)]
    log = logs.write_csv(tmp_path / "log.csv", ["user", "item", "time", "click"], rows)
    description = describe_log(log)
    features = features_from_toml(description.proposal)
    assert (features.log.bad_rows, features.log.max_bad_share) == ("skip", 0.03)
    assert "1 rows have no time that can be read" in description.warnings


def test_known_log_keeps_its_features(tmp_path):
    folder = write_recbole(tmp_path)
    (folder / "features.toml").write_text(
        '[spaces]\nitem = { dim = 4 }\n[log]\nuser = "user_id"\ntime = "timestamp"\nlabels = { ctr = "rating >= 3" }\n'
        '[columns]\ncate_id = { first_of = "class" }\n[target]\ncate_id = "item"\n'
        '[history.hist]\nfields = { cate_id = "item" }\nmax_length = 3\n'
    )
    description = describe_log(folder)
    assert features_from_toml(description.proposal) == load_features(folder / "features.toml")
    assert description.ids[1].keys == 3  # the first genres: Drama, Comedy, War


@pytest.mark.parametrize("name", ['quote"', "back\\slash", "umlaut ä", "a.b", "#", "'"])
def test_any_column_name_can_stand_in_a_proposal(tmp_path, name):
    rows = [[f"u{n % 5}", f"i{n % 9}", 1_700_000_000 + n, n % 2, "wxyz"[n % 4]] for n in range(90)]
    log = logs.write_csv(tmp_path / "log.csv", ["user", "item", "time", "click", name], rows)
    assert name in features_from_toml(describe_log(log).proposal).context
