"""Optimizers and schedules as `list` and `show` tell of them."""

import pytest

from bstkit.config.choices import CHOICES, choice_name, choice_parameters, choice_summary, find_choice
from bstkit.errors import ComponentError
from bstkit.training.optimizers.optimizer import CLASSES

FORMS = {f"{kind}.{choice_name(form)}": form for kind, forms in CHOICES.items() for form in forms}


def test_every_optimizer_that_trains_is_there():
    assert [choice_name(form) for form in CHOICES["optimizer"]] == list(CLASSES)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_everything_has_a_meaning_of_its_own(form):
    assert choice_summary(form).endswith((".", ";"))
    for one in choice_parameters(form):
        assert one.meaning, one.name
        assert not one.meaning.startswith("as "), one.name  # "as Adam's." is resolved
        assert "Annotated" not in one.type


def test_a_reference_is_followed_over_several_forms():
    found = {one.name: one for one in choice_parameters(FORMS["schedule.cosine"])}
    assert found["warmup_steps"].meaning.startswith("steps over which the learning rate first rises")
    assert found["decay_steps"].meaning.endswith("which early stopping may never reach.")
    assert (found["decay_epochs"].type, found["decay_epochs"].default) == ("float | None", None)


def test_a_wrong_name_is_refused_with_the_nearest():
    with pytest.raises(ComponentError, match="no optimizer named 'adamv'") as caught:
        find_choice("optimizer", "adamv")
    assert caught.value.hint == "did you mean 'adam'? `bstkit list optimizer` shows all 7"
