"""Every pair of choices composes, trains, reloads, exports and verifies, or is refused as the list says."""

import itertools
from dataclasses import replace

import pytest

from bstkit.compose import compose
from bstkit.errors import ComponentError
from tests.compositions import __main__ as command
from tests.compositions.__main__ import covering_compositions, main, summary
from tests.compositions.choices import (
    FACTORS,
    NO_SESSION,
    NO_WEIGHT,
    REFUSALS,
    Composition,
    composition_named,
    every_composition,
)
from tests.compositions.outcome import Outcome
from tests.compositions.replay import replay

COVERING = covering_compositions()
BATCHES = [COVERING[start::4] for start in range(4)]


def pairs(compositions):
    """Every pair of levels of two factors."""
    found = set()
    for composition in compositions:
        levels = [(factor, getattr(composition, factor)) for factor in FACTORS]
        found |= set(itertools.combinations(levels, 2))
    return found


def test_covering_array_holds_every_pair():
    every = {
        ((first, one), (second, other))
        for first, second in itertools.combinations(FACTORS, 2)
        for one in FACTORS[first]
        for other in FACTORS[second]
    }
    assert pairs(COVERING) == every
    assert len(COVERING) == len(set(COVERING)) < 60


def test_pairs_that_can_work_stand_in_rows_that_work():
    working = [composition for composition in COVERING if composition.refusal is None]
    assert pairs(working) == pairs(c for c in every_composition() if c.refusal is None)


def test_full_product_has_every_combination_once():
    names = [composition.name for composition in every_composition()]
    assert len(names) == len(set(names)) == 10_080
    assert [composition_named(name).name for name in names[::997]] == names[::997]


@pytest.mark.parametrize("batch", BATCHES, ids=[f"batch_{number}" for number in range(len(BATCHES))])
def test_every_pair_of_choices_is_verified_or_refused(batch):
    outcomes = {outcome.name: outcome for outcome in replay(batch)}
    assert [one for one in outcomes.values() if one.status == "failed"] == []
    for composition in batch:
        outcome = outcomes[composition.name]
        assert outcome.status == ("refused" if composition.refusal else "verified"), outcome
        assert (composition.refusal or "") in outcome.reason


def levels(**chosen):
    """A composition of plain choices but for some."""
    plain = {"position": "none", "encoder": "identity", "score": "none", "pooling": "mean", "head": "mlp"}
    return Composition(**(plain | {"candidate": "apart", "branches": "one", "length": "free"} | chosen))


REFUSED = {
    "session_and_appended_candidate": (
        levels(position="session_bias", candidate="append"),
        NO_SESSION,
        'set candidate = "apart", or leave session empty',
    ),
    "weighted_without_weight": (
        levels(encoder="weighted"),
        NO_WEIGHT,
        "put a score.* component before it",
    ),
    "weighted_sessions": (
        levels(encoder="weighted", position="session_bias", branches="three"),
        NO_WEIGHT,
        "put a score.* component before it",
    ),
}


@pytest.mark.parametrize(("composition", "message", "hint"), REFUSED.values(), ids=REFUSED)
def test_refusal_names_component_and_reason(composition, message, hint):
    with pytest.raises(ComponentError, match=message) as refused:
        compose(composition.selection(), composition.features())
    assert hint in refused.value.hint


def test_refusals_are_all_listed():
    assert {message for _, message, _ in REFUSED.values()} == set(REFUSALS)
    assert {c.refusal for c in every_composition()} == {None, *REFUSALS}


def test_summary_counts_each_reason_once():
    outcomes = [
        Outcome("a", "verified", "", 1.0),
        Outcome("b", "refused", "no", 0.1),
        Outcome("c", "refused", "no", 0.1),
        Outcome("d", "failed", "broken", 0.1),
    ]
    assert summary(outcomes) == (
        "verified 1, refused 2, failed 1, total 4\nfailed 1: broken  [d]\nrefused 2: no  [b]\n"
    )


def test_program_goes_on_where_it_was_stopped(tmp_path, capsys):
    out = tmp_path / "outcomes.jsonl"
    names = [composition.name for composition in every_composition()]
    lines = [Outcome(name, "verified", "", 1.0).to_json() for name in names[:-1]]
    out.write_text("".join(f"{line}\n" for line in lines))
    assert main(["--all", "--limit", "0", "--out", str(out)]) == 0
    assert "verified 10079, refused 0, failed 0, total 10079" in capsys.readouterr().out
    with out.open("a") as file:
        file.write(Outcome(names[-1], "failed", "broken", 1.0).to_json() + "\n")
    assert main(["--all", "--out", str(out)]) == 1


def test_a_long_run_replaces_its_processes(monkeypatch):
    monkeypatch.setattr(command, "BATCH", 1)
    monkeypatch.setattr(command, "BATCHES_OF_A_PROCESS", 1)
    refused = levels(position="session_bias", candidate="append")
    names = [replace(refused, pooling=pooling).name for pooling in ("mean", "sum", "max")]
    outcomes = [outcome for batch in command._run(names, jobs=2, quick=True) for outcome in batch]
    assert sorted(outcome.name for outcome in outcomes) == sorted(names)
    assert {outcome.status for outcome in outcomes} == {"refused"}
