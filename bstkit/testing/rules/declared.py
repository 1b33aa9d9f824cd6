"""The plugin's hook yields its record without importing anything heavy."""

from bstkit.testing.processes import heavy_after_loading
from bstkit.testing.rule import NotApplicable, RuleBroken
from bstkit.testing.subject import Subject


def check(subject: Subject) -> None:
    """Load the plugin in a new process and look at what that imported."""
    plugin = subject.plugin
    if plugin is None:
        raise NotApplicable("a local file of registry.toml has no plugin that declares it")
    heavy = heavy_after_loading(plugin.entry_point)
    if heavy:
        raise RuleBroken(
            f"loading {plugin.entry_point} imports {', '.join(heavy)}",
            "the module of the hook imports the layer at its top; keep them in two modules, and let the record's "
            "target name the second one",
        )
