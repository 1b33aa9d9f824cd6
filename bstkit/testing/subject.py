"""One component under test: its layers, the tensors that it is called with, what it returns."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import keras
import numpy as np

from bstkit import slots
from bstkit.config.selection import Use
from bstkit.contracts import KINDS, Kind
from bstkit.manager import Plugin
from bstkit.precision import computing_in
from bstkit.registry import Provided, Registry
from bstkit.testing.exported import Exported, export_tiny_model
from bstkit.testing.moved import move_weights
from bstkit.testing.tensors import MASKS, PREFIXES, STEPS, Array, Tensors, masks, rows, sample

TASKS = ("ctr", "cvr")
"""What heads are made for."""

Variant = Literal["all tensors", "needed tensors"]
"""What a component is given: everything that its `call` names, or only what has no default."""


@dataclass
class Subject:
    """One component under test. Layers and models are made when a rule asks for them, and kept for the next rule.

    Args:
        key: `kind.name`.
        registry: where it comes from.
        parameters: constructor argument -> value; what is left out has its default.
    """

    key: str
    registry: Registry
    parameters: Mapping[str, Any] = field(default_factory=dict)
    layers: dict[tuple[Variant, str], Any] = field(default_factory=dict, init=False, repr=False)
    """(variant, precision) -> the layer that was built for it."""

    @cached_property
    def provided(self) -> Provided:
        """The record, and the plugin behind it."""
        return self.registry.resolve(self.key)

    @property
    def plugin(self) -> Plugin | None:
        """The plugin behind it; None for a local file."""
        own = self.provided
        for plugin in self.registry.plugins.loaded:
            if plugin.distribution == own.distribution and own.component in plugin.components:
                return plugin
        return None

    @cached_property
    def component_class(self) -> Any:
        """The class."""
        return self.registry.load_class(self.key)

    @property
    def kind(self) -> Kind:
        """What its kind is called with and returns."""
        return KINDS[self.provided.component.kind]

    def requires(self, what: str) -> bool:
        """Whether its record requires this of a composition."""
        return what in self.provided.component.requires

    @property
    def use(self) -> Use:
        """The component in a slot of its kind's name."""
        return Use(key=self.key, path=self.kind.name, parameters=dict(self.parameters))

    @property
    def max_steps(self) -> int:
        """What compose would give it."""
        return STEPS if self.requires("fixed_length") else 2 * STEPS

    def make(self, parameters: Mapping[str, Any] | None = None, precision: str = "float32") -> Any:
        """Make a layer; `parameters` come over those under test.

        Raises:
            ComponentError: the constructor refuses them.
        """
        use = self.use.model_copy(update={"parameters": {**self.parameters, **(parameters or {})}})
        with computing_in(precision):
            return slots.make(use, self.component_class, {"tasks": TASKS, "max_steps": self.max_steps})

    @cached_property
    def rows(self) -> tuple[str, ...]:
        """Names of the rows that it is called with."""
        return PREFIXES if self.requires("prefix_mask") else tuple(MASKS)

    @cached_property
    def mask(self) -> Array:
        """Their masks."""
        return masks(self.rows)

    def variants(self) -> tuple[Variant, ...]:
        """Both where `call` has optional tensors."""
        layer = self.make()
        return ("all tensors",) if self.names(layer, "needed tensors") == self.names(layer) else _BOTH

    def names(self, layer: Any, variant: Variant = "all tensors") -> tuple[str, ...]:
        """The tensors that a layer is called with."""
        called = slots.called_with(layer)
        needed = {name for name, one in called.items() if one.default is inspect.Parameter.empty}
        return tuple(name for name in called if name in needed or variant == "all tensors")

    def tensors(self, variant: Variant = "all tensors", seed: int = 0) -> Tensors:
        """What a layer is called with, a row for each of `rows`; an empty history is pooled to zeros."""
        made = sample(self.names(self.make(), variant), self.mask, seed)
        if "pooled" in made:
            made["pooled"][self.rows.index("empty")] = 0.0
        return made

    def layer(self, variant: Variant = "all tensors", precision: str = "float32") -> Any:
        """A built layer; its weights are moved off their starts, since zeros and ones hide mistakes."""
        if (variant, precision) not in self.layers:
            keras.utils.set_random_seed(0)
            layer = self.make(precision=precision)
            self.call(layer, self.tensors(variant))
            move_weights(layer)
            self.layers[variant, precision] = layer
        return self.layers[variant, precision]

    def call(self, layer: Any, tensors: Mapping[str, Any]) -> Any:
        """Call a layer as compose does, and check what it returns.

        Raises:
            ComponentError: it breaks its contract, or cannot be built.
        """
        given: dict[str, Any] = {"tasks": TASKS}
        for name, values in tensors.items():
            is_float = isinstance(values, np.ndarray) and values.dtype.kind == "f"
            given[name] = keras.ops.convert_to_tensor(values, layer.compute_dtype) if is_float else values
            if isinstance(values, np.ndarray) and not is_float:
                given[name] = keras.ops.convert_to_tensor(values)
        return slots.call(layer, self.use, given)

    def results(
        self, tensors: Mapping[str, Array], variant: Variant = "all tensors", precision: str = "float32"
    ) -> Tensors:
        """Call the built layer: output name -> float32 array; a head has one for each task."""
        returned = self.call(self.layer(variant, precision), tensors)
        named = returned if isinstance(returned, dict) else {self.kind.writes: returned}
        return {name: np.asarray(keras.ops.cast(one, "float32")) for name, one in named.items()}

    def promised(self, results: Mapping[str, Array], mask: Array) -> Tensors:
        """The part of results that the contract says something of: of a sequence, the real steps."""
        if self.kind.writes == "sequence":
            return {name: np.where(mask[..., None], values, 0.0) for name, values in results.items()}
        return dict(results)

    @cached_property
    def exported(self) -> Exported:
        """The component in a small model, exported to ONNX and verified.

        Raises:
            BstkitError: it cannot be composed, exported or verified.
        """
        return export_tiny_model(self.use, self.registry)

    def one_by_one(self, tensors: Tensors) -> Iterator[Tensors]:
        """Each row alone."""
        for index in range(len(self.rows)):
            yield rows(tensors, [index])


_BOTH: tuple[Variant, ...] = ("all tensors", "needed tensors")


@contextmanager
def seen_as(cause: str) -> Iterator[None]:
    """Turn whatever the component raises inside the block into a broken rule with this cause."""
    from bstkit.errors import BstkitError
    from bstkit.testing.rule import NotApplicable, RuleBroken

    try:
        yield
    except (RuleBroken, NotApplicable):
        raise
    except BstkitError as error:
        raise RuleBroken(error.message, f"{cause}; {error.hint}") from error
    except Exception as error:
        text = " ".join(f"{type(error).__name__}: {error}".split())
        raise RuleBroken(text, cause) from error
