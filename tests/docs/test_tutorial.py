"""The tutorial works as it stands: its files are written, its commands run, its outputs compared."""

import re
from pathlib import Path

import pytest

from tests.docs.pages import Code, Command, missing, steps, with_methods

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "tutorial.md").read_text(encoding="utf-8")


def test_tutorial_does_what_it_says(reader):
    done = steps(PAGE)
    for step, after in zip(done, [*done[1:], None], strict=True):
        if isinstance(step, Code):
            file = reader.folder / step.path
            whole = not step.text.startswith(" ")
            file.write_text(step.text if whole else with_methods(file.read_text(), step.text))
            continue
        printed = reader.run(step.text)
        absent = missing(step.shown, printed)
        assert absent is None, f"$ {step.text}\nno line {absent!r} where it is shown, in:\n{reader.told}"
        asked = isinstance(after, Command) and after.text == "echo $?"
        assert asked or reader.code == 0, f"$ {step.text}\nexit code {reader.code}\n{reader.told}"
    assert sum(isinstance(step, Command) for step in done) > 15
    assert sum(isinstance(step, Code) for step in done) == 5


def test_links_of_the_tutorial_lead_somewhere():
    for link in re.findall(r"\]\(([^)#]+)", PAGE.replace("\n", " ")):
        assert (DOCS / link).exists(), link


@pytest.mark.parametrize(
    ("shown", "absent"),
    [
        (["two 7 steps"], None),
        (["one", "two  23.5  steps"], None),
        (["two 7 …"], None),
        (["two 7"], "two 7"),
        (["two 7 …", "one"], "one"),
        (["three"], "three"),
        (["one", "one"], "one"),
    ],
)
def test_a_line_that_is_not_printed_is_noticed(shown, absent):
    assert missing(shown, "  one\ntwo 1,234 steps\n") == absent


def test_methods_are_replaced_and_added():
    module = "class A:\n    def call(self):\n        return 1\n\n    def last(self):\n        return 2\n"
    replaced = with_methods(module, "    def call(self):\n        return 3\n")
    assert replaced == module.replace("return 1", "return 3")
    added = with_methods(module, "    def more(self):\n        return 4\n")
    assert added == module.replace("return 1\n", "return 1\n\n    def more(self):\n        return 4\n")
