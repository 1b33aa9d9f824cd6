"""features.toml is checked as a whole; every problem is reported with its place."""

import pytest

from bstkit.config.features import ContextId, ContextNumeric
from bstkit.config.features_file import features_from_toml, features_to_toml, load_features
from bstkit.errors import ConfigError

TEXT = """
[spaces]
item = { dim = 64 }
cate = { dim = 32, rows = 214 }
user = { dim = 64 }
genre = { dim = 8 }
[log]
user = "user_id"
time = "timestamp"
labels = { ctr = "click", cvr = "rating >= 4" }
[columns]
cate_id = { first_of = "genres" }
[target]
item_id = "item"
cate_id = "cate"
[history.hist]
fields = { item_id = "item", cate_id = "cate" }
max_length = 50
mask = "item_id"
[history.tags]
fields = { tags = "item" }
max_length = 5
length = "tag_count"
[history.genres]
source = "row"
fields = { genre = "genre" }
separator = "|"
weight = "relevance"
max_length = 4
[context]
user_id = { space = "user" }
price = { numeric = "standardise", missing = 0.0 }
hour = { numeric = "bucket", edges = [6, 12.0, 18.0], dim = 8 }
"""


@pytest.fixture
def wrong(tmp_path):
    """Replace parts of the text, load it, and return the error."""

    def load(*changes):
        text = TEXT
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        path = tmp_path / "features.toml"
        path.write_text(text)
        with pytest.raises(ConfigError) as caught:
            load_features(path)
        caught.value.message = caught.value.message.replace(f"{tmp_path}/", "")
        return caught.value

    return load


def test_load_features_reads_every_table(tmp_path):
    path = tmp_path / "features.toml"
    path.write_text(TEXT)
    features = load_features(path)
    assert features.tasks == ("ctr", "cvr")
    assert features.spaces["cate"].rows == 214
    assert features.context["user_id"] == ContextId(space="user")
    assert isinstance(features.context["hour"], ContextNumeric)
    assert features.context["hour"].edges == (6.0, 12.0, 18.0)
    assert features.history["tags"].length == "tag_count"
    assert features.split.leave_last == 10


def test_sessions_and_a_length_input_go_together():
    text = TEXT.replace('length = "tag_count"', 'length = "tag_count"\nsession_gap_s = 1800\nmax_sessions = 3')
    tags = features_from_toml(text).history["tags"]
    assert (tags.session_gap_s, tags.max_sessions, tags.session_length) == (1800, 3, 10)


def test_features_toml_reads_back_equal():
    features = features_from_toml(TEXT)
    assert features_from_toml(features_to_toml(features)) == features


def test_features_filled_in_by_preparation_read_back_equal():
    features = features_from_toml(TEXT)
    price = features.context["price"].model_copy(update={"mean": 1.5, "std": 2.0})
    item = features.spaces["item"].model_copy(update={"rows": 99})
    filled = features.model_copy(
        update={"context": {**features.context, "price": price}, "spaces": {**features.spaces, "item": item}}
    )
    assert features_from_toml(features_to_toml(filled)) == filled


def test_rows_of_a_hashed_space_follow_from_its_buckets():
    features = features_from_toml(TEXT.replace("rows = 214", "hash_buckets = 9"))
    assert features.spaces["cate"].rows == 11
    assert features_from_toml(features_to_toml(features)) == features


MISTAKES = {
    "space": (
        'item_id = "item"\ncate',
        'item_id = "itm"\ncate',
        "target.item_id: there is no id space 'itm'",
        "'item'",
    ),
    "history_space": ('tags = "item"', 'tags = "zzz"', "history.tags.fields.tags: there is no id space", "dim = 64"),
    "context_space": ('space = "user"', 'space = "users"', "context.user_id.space: there is no id space", "'user'"),
    "hash_and_count": (
        "item = { dim = 64",
        "item = { dim = 64, hash_buckets = 9, min_count = 2",
        "spaces.item.min_count: cuts a vocabulary, and hash_buckets takes the place of one",
        "keep one of the two",
    ),
    "hash_and_size": (
        "item = { dim = 64",
        "item = { dim = 64, hash_buckets = 9, max_size = 2",
        "spaces.item.max_size: cuts a vocabulary",
        "",
    ),
    "hash_rows": ("rows = 214", "rows = 214, hash_buckets = 9", "is 214, and 9 hash_buckets make 11", "take it out"),
    "buckets": ("rows = 214", "hash_buckets = 2147483646", "spaces.cate.hash_buckets: must be", ""),
    "no_buckets": ("rows = 214", "hash_buckets = 0", "spaces.cate.hash_buckets: must be", ""),
    "bucket_type": ("rows = 214", 'hash_buckets = "9"', "spaces.cate.hash_buckets: must be a valid integer", ""),
    "mask": ('mask = "item_id"', 'mask = "item"', "history.hist.mask: the history has no field 'item'", "'item_id'"),
    "mask_and_length": ('mask = "item_id"', 'mask = "all"\nlength = "n"', "length takes the place of mask", "keep one"),
    "label_is_input": ('ctr = "click"', 'ctr = "user_id"', "the model would read its own label", ""),
    "condition_is_input": ('"rating >= 4"', '"price >= 4"', "log.labels.cvr: column 'price' is an input too", ""),
    "condition_without_blanks_is_input": ('"rating >= 4"', '"price>=4"', "column 'price' is an input too", ""),
    "label_in_a_history": ('ctr = "click"', 'ctr = "genre"', "log.labels.ctr: column 'genre' is an input too", ""),
    "label_is_weight": ('"rating >= 4"', '"relevance > 1"', "column 'relevance' is an input too", ""),
    "label_is_source": ('ctr = "click"', 'ctr = "genres"', "column 'genres' is an input too", ""),
    "two_spaces": (
        'fields = { item_id = "item"',
        'fields = { item_id = "cate"',
        "history.hist.fields.item_id: column 'item_id' is of id space 'item' at target.item_id",
        "'item'",
    ),
    "separator_of_events": (
        'length = "tag_count"',
        'separator = ","',
        "history.tags.separator: belongs to source = 'row', and this history's is 'events'",
        'source = "row"',
    ),
    "gap_of_row": ('separator = "|"', "session_gap_s = 60", "history.genres.session_gap_s: needs the time of", ""),
    "negatives_of_row": ('separator = "|"', 'negatives = "uniform"', "history.genres.negatives: belongs to", ""),
    "events_of_row": ('separator = "|"', 'events = "positive"', "history.genres.events: belongs to source", "events"),
    "sessions_of_row": ('separator = "|"', "max_sessions = 2", "history.genres.max_sessions: needs the time", ""),
    "sessions_without_gap": (
        'mask = "item_id"',
        "session_length = 4",
        "history.hist.session_length: belongs to session_gap_s",
        "session_gap_s = 1800",
    ),
    "no_gap": ('mask = "item_id"', "session_gap_s = 0", "history.hist.session_gap_s: must be", ""),
    "derived_row": (
        'genre = "genre" }\nsep',
        'cate_id = "cate" }\nsep',
        "history.genres.fields.cate_id: column 'cate_id' keeps the first word of 'genres' only",
        "name 'genres' itself",
    ),
    "empty_label": ('ctr = "click"', 'ctr = " "', "log.labels.ctr: must name a column", ""),
    "falling_edges": ("[6, 12.0", "[12.0, 6", "context.hour.edges: must rise; received [12.0, 6.0, 18.0]", ""),
    "equal_edges": ("[6, 12.0", "[6, 6", "context.hour.edges: must rise", ""),
    "nan_edge": ("[6, 12.0", "[6, nan", "context.hour.edges: must rise", ""),
    "no_edges": ("edges = [6, 12.0, 18.0], ", "", "context.hour.edges: is missing", "edges = "),
    "no_dim": (", dim = 8", "", "context.hour.dim: is missing", "dim = 8"),
    "standardised_edges": ("missing = 0.0", "edges = [1.0]", "context.price.edges: belongs to numeric = 'bucket'", ""),
    "standardised_dim": ("missing = 0.0", "dim = 2", "context.price.dim: belongs to numeric = 'bucket'", ""),
    "bucketed_mean": (", dim = 8", ", dim = 8, mean = 1.0", "belongs to numeric = 'standardise'", ""),
    "same_input": (
        "user_id = { space",
        "item_id = { space",
        "context.item_id: the name 'item_id' is taken by target",
        "",
    ),
    "history_name": ("price =", "hist_cate_id =", "the name 'hist_cate_id' is taken by history.hist", "needs its own"),
    "age_name": (
        "price =",
        "hist_age_seconds =",
        "the name 'hist_age_seconds' is taken by history.hist",
        "needs its own",
    ),
    "output_name": ("price =", "ctr =", "log.labels.ctr: the name 'ctr' is taken by context.ctr", "needs its own"),
    "logit_name": ("price =", "cvr_logit =", "log.labels.cvr: the name 'cvr_logit' is taken", "needs its own"),
    "own_column": ('first_of = "genres"', 'first_of = "cate_id"', "columns.cate_id.first_of: a column cannot", ""),
    "name": ("item = { dim", '"../item" = { dim', 'spaces."../item": the name may hold letters', ""),
    "unknown_table": ("[target]", "[targt]", "targt: unknown table", "'target'"),
    "unknown_key": ("max_length = 50", "max_lenth = 50", "history.hist.max_lenth: unknown key", "'max_length'"),
    "type": ("max_length = 50", 'max_length = "50"', "history.hist.max_length: must be a valid integer", ""),
    "context_type": (
        'numeric = "standardise"',
        'numeric = "standardize"',
        "context.price.numeric: must be",
        "'standardise'",
    ),
    "context_key": ('space = "user"', 'spase = "user"', "context.user_id.spase: unknown key", "'space'"),
    "not_a_table": ('{ space = "user" }', '"user"', "context.user_id: must be", ""),
    "edge_type": ("[6, 12.0", '[6, "12"', "context.hour.edges.1: must be a valid number; received '12'", ""),
}


@pytest.mark.parametrize(("old", "new", "message", "hint"), MISTAKES.values(), ids=MISTAKES)
def test_load_features_names_the_place_of_a_mistake(wrong, old, new, message, hint):
    error = wrong((old, new))
    assert "features.toml: " in error.message
    assert message in error.message
    assert hint in f"{error.message} {error.hint}"


def test_load_features_reports_every_mistake_at_once(wrong):
    error = wrong(
        ('item_id = "item"\ncate', 'item_id = "itm"\ncate'), ('mask = "item_id"', 'mask = "x"'), (", dim = 8", "")
    )
    assert error.message.splitlines()[0] == "3 problems in the configuration"
    assert [line.split(": ")[1] for line in error.message.splitlines()[1:]] == [
        "target.item_id",
        "history.hist.mask",
        "context.hour.dim",
    ]


UNREADABLE = {
    "syntax": (b"[spaces\n", "is not valid TOML: "),
    "encoding": (b'x = "\xe9"', "is not UTF-8: byte 5 is wrong"),
    "empty": (b"", "spaces: is missing"),
}


@pytest.mark.parametrize(("content", "message"), UNREADABLE.values(), ids=UNREADABLE)
def test_load_features_of_an_unreadable_file_is_one_clear_error(tmp_path, content, message):
    path = tmp_path / "features.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load_features(path)
    assert message in caught.value.message
    assert caught.value.hint


def test_load_features_of_no_file_is_one_clear_error(tmp_path):
    with pytest.raises(ConfigError, match="there is no such file"):
        load_features(tmp_path / "gone.toml")


def test_load_features_of_a_directory_is_one_clear_error(tmp_path):
    with pytest.raises(ConfigError, match="is a directory, not a file"):
        load_features(tmp_path)
