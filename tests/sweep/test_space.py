"""What `--vary` may say."""

import pytest

from bstkit.config.overrides import parse_value
from bstkit.errors import ConfigError
from bstkit.sweep.space import Choice, Interval, grid, is_finite, parse_space, settings_of


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("recipe=din,dien", ("din", "dien")),
        ("recipe= din , dien ", ("din", "dien")),
        ("encoder.num_blocks=1,2,2", ("1", "2")),
        ("train.bucketing=true,false", ("true", "false")),
        ("head.units=[[64],[128,64]]", ("[64]", "[128, 64]")),
        ('encoder=["gru", ["gru","transformer"]]', ("gru", '["gru", "transformer"]')),
        ('pooling=["mean", { use = "attention", units = [8] }]', ("mean", '{ use = "attention", units = [8] }')),
        ("train.learning_rate=1e-3,1e-2", ("0.001", "0.01")),
        ('data=["1","x"]', ('"1"', "x")),
    ],
)
def test_values_are_kept_as_set_takes_them(text, values):
    (one,) = parse_space([text])
    assert one == Choice(text.partition("=")[0], values)


def test_a_value_reads_back_as_what_was_meant():
    (one,) = parse_space(['pooling=["mean", { use = "attention", units = [8] }, ["last", "max"]]'])
    assert [parse_value(text) for text in one.values] == ["mean", {"use": "attention", "units": [8]}, ["last", "max"]]


def test_interval_of_whole_numbers_is_whole():
    (one,) = parse_space(["encoder.num_blocks={low = 1, high = 4}"])
    assert one == Interval("encoder.num_blocks", 1, 4, log=False)
    assert one.whole
    assert not is_finite([one])


def test_interval_of_factors():
    (one,) = parse_space(["train.learning_rate={low=1e-4,high=1e-2,log=true}"])
    assert one == Interval("train.learning_rate", 1e-4, 1e-2, log=True)
    assert not one.whole


def test_grid_has_every_combination_in_order():
    space = parse_space(["recipe=din,dien", "pooling=mean,max"])
    assert [settings_of(one) for one in grid(space)] == [
        ["recipe=din", "pooling=mean"],
        ["recipe=din", "pooling=max"],
        ["recipe=dien", "pooling=mean"],
        ["recipe=dien", "pooling=max"],
    ]


def test_a_number_of_an_interval_has_four_digits():
    assert settings_of({"train.learning_rate": 0.0016051911, "n": 12345, "recipe": "din"}) == [
        "train.learning_rate=0.001605",
        "n=12345",
        "recipe=din",
    ]


@pytest.mark.parametrize(
    ("texts", "message", "hint"),
    [
        ([], "nothing is varied", "--vary recipe=din,dien"),
        (["recipe"], "--vary recipe: a setting has the form path=values", "--vary recipe=din,dien"),
        (["=1,2"], "a setting has the form path=values", "--vary recipe"),
        (["recipe=din"], "--vary recipe has one value", "--set recipe=din"),
        (["recipe=din,din"], "--vary recipe has one value", "--set recipe=din"),
        (["recipe=a,b", "recipe=c,d"], "--vary recipe stands there twice", "list all of its values in one --vary"),
        (["train.seed=1,2"], "seeds are no choice between models", "--seeds"),
        (["head.units=[[64],"], "--vary head.units: [[64], is not valid TOML", "--vary"),
        (["x={low=2,high=1}"], "`low` is a number below `high`", "--vary"),
        (["x={low=0,high=1,log=true}"], "above 0 with `log`", "--vary"),
        (["x={low=1}"], "`low` is a number below `high`", "--vary"),
        (["x={low=true,high=3}"], "`low` is a number below `high`", "--vary"),
        (["x={lo=1,high=3}"], "no key named 'lo'", "did you mean 'low'?"),
    ],
)
def test_what_cannot_be_read_is_refused(texts, message, hint):
    with pytest.raises(ConfigError) as caught:
        parse_space(texts)
    assert message in caught.value.message
    assert hint in caught.value.hint
