"""`build` and `train`: what they print, and what they refuse."""

import gzip
import json

import pytest

from bstkit.config.features import Space
from bstkit.config.features_file import features_to_toml
from tests.small_log import SETTINGS, small_features

SET = [part for setting in [*SETTINGS, "train.epochs=1"] for part in ("--set", setting)]
GOOD = "u1,1,c1,F,18-24,5,1\n"
HEADER = "user_id,item_id,cate_id,gender,age,timestamp,click\n"


@pytest.fixture
def train(run, tmp_path):
    """Run `train` on a log that stands in the working folder."""
    (tmp_path / "features.toml").write_text(features_to_toml(small_features()))

    def ran(*arguments):
        return run("train", *SET, "--out", "run", *arguments)

    return ran


def test_build_ends_with_a_table_of_everything(run, small_log):
    done = run("build", "--data", str(small_log), "--out", "run", "--pooling", "mean", *SET)
    assert done.code == 0, done.err
    for part in ("parameters", "model", "popularity", "constant", "GAUC over", "max |diff|", "CPUExecutionProvider"):
        assert part in done.out
    assert "run/bundle/model.onnx" in done.out
    for stage in ("load libraries", "prepare data", "compose", "train", "score", "write run", "export and verify"):
        assert f"{stage}: " in done.err
        assert stage in done.out
    [line] = [line for line in done.err.splitlines() if line.startswith("epoch 1: ")]
    for part in ("loss 0.", "validation log loss 0.", "AUC 0.", "GAUC 0.", "the best so far", " samples/s"):
        assert part in line
    assert "epoch 1: " not in done.out


def test_build_json_is_all_of_standard_output(run, small_log):
    done = run("build", "--data", str(small_log), "--out", "run", "--encoder", "identity", "--json", *SET[-2:])
    assert done.code == 0, done.err
    assert done.json["test"]["ctr"]["rows"] == done.json["rows"]["test"]
    assert done.json["export"]["outputs"]["ctr"]["max_abs"] <= 1e-5
    assert all(seconds >= 0 for seconds in done.json["seconds"].values())
    assert done.json["files"]["run/bundle/model.onnx"] > 0


def test_quiet_prints_no_progress(run, small_log):
    done = run("-q", "train", "--data", str(small_log), "--out", "run", *SET)
    assert (done.code, done.err) == (0, "")


def test_dry_run_draws_the_seed_model(run):
    done = run("build", "--recipe", "bst", "--dry-run", "--layers")
    assert done.code == 0, done.err
    assert "├─ encoder.transformer" in done.out
    assert "encoder_transformer (TransformerEncoder)" in done.out
    assert "15,901,641" in done.out
    assert "13,818,376" in done.out


def test_dry_run_json_tells_the_origin_of_each_setting(run):
    done = run("build", "--recipe", "bst", "--dry-run", "--json", "--set", "head.units=[2056,512,32]")
    assert done.code == 0, done.err
    assert done.json["parameters"] == 15_901_641
    assert [one["name"] for one in done.json["outputs"]] == ["ctr", "ctr_logit"]
    assert {"name": "hist_item_id", "dtype": "int32", "dims": ["batch", "hist_len"]} in done.json["inputs"]
    assert {"name", "type", "output_shape", "parameters"} <= set(done.json["layers"][0])
    origins = done.json["origins"]
    assert (origins["recipe"], origins["head.units"], origins["head.activation"]) == ("--recipe", "--set", "default")


def test_dry_run_counts_rows_in_the_log(run, small_log):
    done = run("build", "--data", str(small_log), "--dry-run", "--json", *SET)
    assert done.code == 0, done.err
    assert done.json["parameters"] < 20_000


def test_dry_run_of_hashed_spaces_needs_no_log(run, tmp_path, monkeypatch):
    table = small_features()
    spaces = {name: Space(dim=8, hash_buckets=10) for name in table.spaces}
    (tmp_path / "features.toml").write_text(features_to_toml(table.model_copy(update={"spaces": spaces})))
    monkeypatch.setattr("bstkit.data.dataset.load_dataset", None)  # it is not called
    done = run("build", "--features", "features.toml", "--dry-run", "--json", *SET)
    assert done.code == 0, done.err
    tables = [one for one in done.json["layers"] if one["type"] == "Embedding"]
    assert {one["parameters"] for one in tables} == {12 * 8}


NAMES = {
    "component": (("--encoder", "transfomer"), "no encoder named 'transfomer'", "did you mean 'transformer'?"),
    "recipe": (("--recipe", "bts"), "bts", "bst"),
    "setting": (("--set", "trian.epochs=3"), "trian", "train"),
    "parameter": (("--set", "encoder.num_head=3"), "num_head", "num_heads"),
    "type": (("--set", 'encoder.num_heads="two"'), "num_heads", ""),
    "provider": (("--provider", "cdua"), "no execution provider named 'cdua'", "cuda"),
    "cuda": (("--provider", "cuda"), "execution provider 'cuda' was asked for and did not run", "bstkit[cuda]"),
}


@pytest.mark.parametrize(("arguments", "message", "hint"), NAMES.values(), ids=NAMES)
def test_wrong_choice_is_one_error_with_a_hint(run, tmp_path, arguments, message, hint):
    done = run("build", "--out", "run", *arguments)
    assert done.code == 2
    assert message in done.err
    assert hint in done.err
    assert "hint:" in done.err
    assert "Traceback" not in done.err
    assert not (tmp_path / "run").exists()


def many(rows=1, users=12, **columns):
    """A log of some users with fifteen events each, columns replaced by constants."""
    names = HEADER.strip().split(",")
    lines = [HEADER]
    for user in range(users):
        for event in range(15 * rows):
            values = dict(zip(names, (f"u{user}", event % 7, "c1", "F", "18-24", event, event % 2), strict=True))
            lines.append(",".join(str(columns.get(name, value)) for name, value in values.items()) + "\n")
    return "".join(lines)


LOGS = {
    "missing_column": (many().replace("cate_id", "category", 1), "cate_id"),
    "wrong_label": (many(click=7), "click"),
    "one_class": (many(click=1), "click"),
    "empty": (HEADER, "no "),
    "nothing": ("", ""),
    "time_that_is_no_time": (many(timestamp="soon"), "timestamp"),
    "too_few_events": (HEADER + GOOD * 2 + GOOD.replace(",1\n", ",0\n"), ""),
    "ragged": (many() + "u1,1\n", ""),
}


@pytest.mark.parametrize(("text", "message"), LOGS.values(), ids=LOGS)
def test_unusable_log_is_one_error_with_a_hint(train, tmp_path, text, message):
    (tmp_path / "log.csv").write_text(text)
    done = train("--data", "log.csv")
    assert done.code == 2, done.err
    assert "error:" in done.err
    assert "hint:" in done.err
    assert message in done.err
    assert "Traceback" not in done.err
    assert {path.name for path in tmp_path.iterdir()} == {"features.toml", "log.csv"}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("log.csv.gz", gzip.compress(many(20).encode())[:400]),
        ("log.parquet", b"PAR1 and then nothing"),
        ("log.csv", bytes(range(256)) * 40),
    ],
    ids=["truncated", "no_parquet", "binary"],
)
def test_unreadable_file_is_one_error_with_a_hint(train, tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    done = train("--data", name)
    assert done.code == 2, done.err
    assert name in done.err
    assert "hint:" in done.err
    assert "Traceback" not in done.err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("value", ["", "nan"])
def test_nan_in_a_numeric_column_is_an_error_unless_it_is_declared(train, tmp_path, value):
    text = (tmp_path / "features.toml").read_text()
    numeric = text[: text.index("[context.age]")] + '[context.age]\nnumeric = "standardise"\n'
    numeric += text[text.index("[context.age]") :].partition("\n\n")[2]
    numeric = numeric.replace("[spaces.age]\ndim = 8\n", "")
    lines = many(age=30).splitlines(keepends=True)
    lines[20] = lines[20].replace(",30,", f",{value},")
    (tmp_path / "log.csv").write_text("".join(lines))
    (tmp_path / "features.toml").write_text(numeric)
    done = train("--data", "log.csv")
    assert done.code == 2, done.err
    assert "age" in done.err
    assert "missing" in done.err


def test_missing_log_is_named(train):
    done = train("--data", "gone")
    assert done.code == 2
    assert "gone" in done.err


def test_log_without_features_says_what_to_write(run, tmp_path):
    (tmp_path / "log.csv").write_text(many())
    done = run("train", "--data", "log.csv", "--out", "run")
    assert done.code == 2
    assert "features.toml" in done.err


def test_training_starts_from_a_run(train, small_log, built, tmp_path):
    done = train("--data", str(small_log), "--init-from", str(built.run.folder), "--json")
    assert done.code == 0, done.err
    assert f"note: starts with the weights of {built.run.folder}" in done.err
    assert "item: 120 kept, 0 new, 0 dropped" in done.err
    assert "Warm start" in (tmp_path / "run" / "report.html").read_text()


def test_run_that_does_not_fit_is_refused_before_the_log_is_read(train, built, tmp_path):
    (tmp_path / "log.csv").write_text("no log")
    other = ("--pooling", "mean", "--set", "head.units=[8]")
    done = train("--data", "log.csv", "--init-from", str(built.run.folder), *other)
    assert done.code == 2
    assert "pooling: pooling.mean, in the run pooling.attention" in done.err
    assert "head_mlp/ctr_logit/kernel: shape (8, 1), in the run (16, 1)" in done.err
    assert "hint:" in done.err
    assert not (tmp_path / "run").exists()


def test_dry_run_says_whether_a_run_fits(run, built, small_log):
    given = ("build", "--dry-run", "--data", str(small_log), "--init-from", str(built.run.folder), *SET)
    assert run(*given).code == 0
    done = run(*given, "--set", "head.units=[8]")
    assert done.code == 2
    assert "head_mlp/ctr_logit/kernel: shape (8, 1), in the run (16, 1)" in done.err


def test_used_folder_is_left_alone(train, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "mine").write_text("kept")
    (tmp_path / "log.csv").write_text(many())
    done = train("--data", "log.csv")
    assert done.code == 2
    assert "already exists" in done.err
    assert (tmp_path / "run" / "mine").read_text() == "kept"


def test_verbose_shows_the_traceback(run):
    done = run("-v", "train", "--data", "gone", "--out", "run")
    assert done.code == 2
    assert "Traceback" in done.err


def test_all_problems_of_a_features_file_are_reported_at_once(train, tmp_path):
    text = (tmp_path / "features.toml").read_text().replace('user = "user_id"', 'usr = "user_id"').replace("dim", "dmi")
    (tmp_path / "features.toml").write_text(text)
    (tmp_path / "log.csv").write_text(many())
    done = train("--data", "log.csv")
    assert done.code == 2
    assert "usr" in done.err
    assert "dmi" in done.err


def test_json_of_train_is_plain_data_and_tensorboard_gets_its_events(train, tmp_path, small_log):
    done = train("--data", str(small_log), "--json", "--tensorboard", "events")
    assert done.code == 0, done.err
    assert json.dumps(done.json)
    assert done.json["run"] == "run"
    [events] = (tmp_path / "events" / "run").iterdir()
    assert "tfevents" in events.name
    assert events.stat().st_size > 500


def test_events_in_the_run_folder_are_refused_before_the_log_is_read(train, tmp_path, small_log):
    done = train("--data", str(small_log), "--tensorboard", "run/events")
    assert done.code == 2
    assert "--tensorboard run/events lies in the run folder" in done.err
    assert "prepare data" not in done.err
    assert not (tmp_path / "run").exists()
