"""A model can be composed with the component's name alone."""

from bstkit.signature import parameters
from bstkit.testing.rule import RuleBroken
from bstkit.testing.subject import Subject, seen_as
from bstkit.testing.tiny_model import compose_tiny_model


def check(subject: Subject) -> None:
    """Make the layer with its defaults, and compose the small model around it."""
    required = [one.name for one in parameters(subject.component_class) if one.required]
    if required:
        raise RuleBroken(
            f"the constructor gives no default to {', '.join(required)}",
            f"`bstkit build --{subject.kind.name} {subject.provided.component.name}` must work: choose defaults",
        )
    with seen_as("the constructor, `build` or `call` fails with the defaults on the tensors that its kind is given"):
        compose_tiny_model(subject.use.model_copy(update={"parameters": {}}), subject.registry)
