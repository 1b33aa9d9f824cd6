"""What the kit asks of other processes."""

import pytest

from bstkit.testing.processes import heavy_after_loading


def test_plugin_that_does_not_load_there_is_no_light_one():
    with pytest.raises(RuntimeError, match="No module named 'there_is_no_such_plugin'"):
        heavy_after_loading("there_is_no_such_plugin")
