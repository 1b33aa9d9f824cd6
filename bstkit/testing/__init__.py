"""The conformance kit: whether a component keeps the promises of its kind. For authors of plugins.

`bstkit check encoder.mamba` runs it; so does pytest:

```python
from bstkit.testing import parametrize_with_rules


@parametrize_with_rules("encoder.mamba")
def test_obeys_the_rules(check):
    check()
```

Importing this module imports neither TensorFlow nor Keras; the first check does.
"""

from bstkit.testing.check import check_component
from bstkit.testing.decorator import Check, parametrize_with_rules
from bstkit.testing.outcome import ComponentReport, Cost, Outcome
from bstkit.testing.rule import NotApplicable, Rule, RuleBroken
from bstkit.testing.rules import RULES

__all__ = [
    "RULES",
    "Check",
    "ComponentReport",
    "Cost",
    "NotApplicable",
    "Outcome",
    "Rule",
    "RuleBroken",
    "check_component",
    "parametrize_with_rules",
]
