"""Every built-in component obeys the rules that those of plugins obey."""

from bstkit.plugins import COMPONENTS
from bstkit.testing import parametrize_with_rules


@parametrize_with_rules(*(component.key for component in COMPONENTS))
def test_built_in_component_obeys_the_rules(check):
    check()
