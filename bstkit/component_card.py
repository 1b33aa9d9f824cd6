"""Everything about one component on one page: what its plugin declares and what its class says."""

from __future__ import annotations

import inspect
from dataclasses import dataclass

from bstkit.provided import Provided
from bstkit.registry import Registry
from bstkit.signature import Parameter, parameters


@dataclass(frozen=True)
class ComponentCard:
    """What `bstkit show` prints.

    Args:
        provided: the plugin's record, and the plugin.
        source: the file that holds the class.
        description: the class's docstring.
        parameters: the constructor's parameters.
    """

    provided: Provided
    source: str
    description: str
    parameters: tuple[Parameter, ...]


def component_card(registry: Registry, key: str) -> ComponentCard:
    """Describe one component; imports its class, unless the name is wrong.

    Args:
        registry: where it is looked up.
        key: `kind.name`.

    Raises:
        ComponentError, PluginError: as `Registry.load_class`.
    """
    provided = registry.resolve(key)
    loaded = registry.load_class(key)
    return ComponentCard(
        provided,
        inspect.getsourcefile(loaded) or "",
        inspect.cleandoc(loaded.__doc__ or ""),
        parameters(loaded),
    )
