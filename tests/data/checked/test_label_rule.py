"""Labels: columns and conditions."""

import pytest

from bstkit.data.checked.label_rule import LabelRule, parse_label


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("click", LabelRule("click")),
        (" click ", LabelRule("click")),
        ("rating >= 4", LabelRule("rating", ">=", 4.0)),
        ("rating>4", LabelRule("rating", ">", 4.0)),
        ("rating <= -0.5", LabelRule("rating", "<=", -0.5)),
        ("dwell < 1e3", LabelRule("dwell", "<", 1000.0)),
        ("stars == 5", LabelRule("stars", "==", 5.0)),
        ("watch time >= 30", LabelRule("watch time", ">=", 30.0)),
        ("behavior == 'buy'", LabelRule("behavior", "==", text="buy")),
        ('behavior=="add to cart"', LabelRule("behavior", "==", text="add to cart")),
        ("size == '4'", LabelRule("size", "==", text="4")),
        ("said == 'it's'", LabelRule("said", "==", text="it's")),
        ("kind == ''", LabelRule("kind", "==", text="")),
        ("behavior >= 'buy'", LabelRule("behavior >= 'buy'")),
        ("behavior == 'buy\"", LabelRule("behavior == 'buy\"")),
        ("a > b", LabelRule("a > b")),
        ("a > 1.2.3", LabelRule("a > 1.2.3")),
    ],
)
def test_label_is_a_column_or_a_condition(text: str, rule: LabelRule) -> None:
    assert parse_label(text) == rule
