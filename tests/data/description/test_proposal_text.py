"""The writer of proposals, on what column names and remarks may hold."""

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from bstkit.data.description.draft import Draft
from bstkit.data.description.proposal import WIDTH, proposal_toml

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@given(name=TEXTS, value=TEXTS | st.booleans() | st.floats(allow_nan=False) | st.lists(st.integers()), note=TEXTS)
def test_any_name_value_and_remark_can_be_read_back(name, value, note):
    draft = Draft()
    draft.put("context", name, value={name: value}, note=note)
    draft.left_out[name] = note
    draft.missing.append(note)
    assert tomllib.loads(proposal_toml(draft, [note])) == {"context": {name: {name: value}}}


def test_long_remark_stands_above_its_line():
    draft = Draft()
    draft.put("log", "user", value="user_id", note="a remark of many words, " * 12)
    lines = proposal_toml(draft, []).splitlines()
    assert lines[-1] == 'user = "user_id"'
    assert all(len(line) <= WIDTH for line in lines)
    assert len([line for line in lines if line.startswith("# ")]) == 3
