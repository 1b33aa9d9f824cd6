"""`[train] optimizer` and `schedule`: a name, or `{ use = name, parameter = value }`, as in a slot."""

import pytest

from bstkit.config.selection_file import selection_from_toml, selection_to_toml


def test_defaults_are_adam_at_one_learning_rate(resolve):
    train = resolve().train
    assert (train.optimizer.use, train.optimizer.beta_1, train.schedule.use) == ("adam", 0.9, "constant")


def test_name_alone_takes_the_defaults(resolve):
    assert resolve(settings=["train.optimizer=adamw"]).train.optimizer.weight_decay == 0.004


def test_table_gives_parameters_and_their_origin(resolve):
    selection = resolve(here='[train]\noptimizer = { use = "adamw", weight_decay = 1 }\n')
    assert selection.train.optimizer.weight_decay == 1.0
    assert selection.origins["train.optimizer.weight_decay"] == "./registry.toml"


def test_higher_layer_replaces_the_whole(resolve):
    here = '[train]\noptimizer = { use = "adamw", weight_decay = 0.5 }\n'
    assert resolve(here=here, extra='[train]\noptimizer = "sgd"\n').train.optimizer.use == "sgd"
    again = resolve(here=here, extra='[train]\noptimizer = { use = "adamw", beta_1 = 0.5 }\n').train.optimizer
    assert (again.beta_1, again.weight_decay) == (0.5, 0.004)


def test_set_reaches_one_parameter_of_a_name_and_of_a_table(resolve):
    named = resolve(settings=["train.optimizer.beta_1=0.8"])
    assert (named.train.optimizer.use, named.train.optimizer.beta_1) == ("adam", 0.8)
    assert named.origins["train.optimizer.use"] == "packaged registry.toml"
    assert named.origins["train.optimizer.beta_1"] == "--set"
    here = '[train]\nschedule = { use = "cosine", floor = 0.1 }\n'
    table = resolve(here=here, settings=["train.schedule.warmup_steps=5"]).train.schedule
    assert (table.use, table.floor, table.warmup_steps) == ("cosine", 0.1, 5)


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("train.optimizer=adanw", "no optimizer named 'adanw', did you mean 'adamw'?"),
        ("train.optimizer=zzz", "no optimizer named 'zzz', there is adam, lazy_adam, adamw"),
        ("train.optimizer=3", "must be a name, or { use = name, ... }; received 3"),
        ("train.optimizer={beta_1=0.5}", "must be a name, or { use = name, ... }"),
        ('train.optimizer={use="adamw", weight_decoy=1}', "train.optimizer.weight_decoy: unknown key"),
        ('train.optimizer={use="adamw", weight_decoy=1}', "did you mean 'weight_decay'?"),
        ("train.optimizer.momentum=0.9", "train.optimizer.momentum: unknown key"),
        ('train.optimizer={use="sgd", momentum="much"}', "train.optimizer.momentum: must be a valid number"),
        ('train.optimizer={use="adam", beta_2=1.0}', "train.optimizer.beta_2: must be less than 1; received 1.0"),
        ("train.schedule=cosin", "no schedule named 'cosin', did you mean 'cosine'?"),
        ("train.schedule.warmup_step=1", "did you mean 'warmup_steps'?"),
        ('train.schedule={use="linear", warmup_steps=1, warmup_epochs=1}', "takes warmup_steps or warmup_epochs"),
        ('train.schedule={use="linear", decay_steps=1, decay_epochs=1}', "takes decay_steps or decay_epochs"),
        ("train.optimiser=adam", "did you mean 'optimizer'?"),
        ("optimizer=adam", "did you mean 'train.optimizer'?"),
    ],
)
def test_wrong_setting_names_the_nearest_right_one(refused, setting, expected):
    error = refused(settings=[setting])
    assert error.message.startswith("--set: ")
    assert expected in f"{error.message} {error.hint}"


def test_selection_file_records_every_parameter_and_reads_back(resolve):
    settings = ["train.optimizer=adamw", 'train.schedule={use="exponential", decay_steps=7}', "train.clip_norm=2"]
    selection = resolve(settings=settings)
    text = selection_to_toml(selection)
    assert "weight_decay = 0.004" in text
    assert "decay_steps = 7" in text
    assert selection_from_toml(text) == selection


def test_selection_file_from_before_there_was_a_choice_is_adam(resolve):
    text = selection_to_toml(resolve())
    start, end = text.index("[train.optimizer]"), text.index("[train.loss_weights]")
    old = (text[:start] + text[end:]).replace("clip_norm = 0.0\n", "")
    assert not {"adam", "clip_norm", "schedule"} & set(old.partition("[origins]")[0].replace("=", " ").split())
    assert selection_from_toml(old).train == resolve().train
