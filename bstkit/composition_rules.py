"""What a composition must grant its components; each refusal names the component and the reason."""

from __future__ import annotations

from collections.abc import Callable, Container

from bstkit.branches import Branch
from bstkit.config.selection import Stack, Use
from bstkit.contracts import KINDS
from bstkit.errors import ComponentError
from bstkit.registry import Registry

Reads = Callable[[Use], Container[str]]
"""Component -> the names of the tensors that it reads."""


def check_branch(branch: Branch, registry: Registry, reads: Reads) -> None:
    """Check what a branch's components require against what the branch is.

    Raises:
        ComponentError: it cannot be granted.
    """
    stack = branch.stack
    if stack.session is not None:
        _check_session(branch, stack.session)
    for use in stack.uses:
        requires = registry.resolve(use.key).component.requires
        if "prefix_mask" in requires and branch.append:
            raise ComponentError(
                f"{use.path}: {use.key} needs steps without holes, and an appended candidate stands behind padding",
                'set candidate = "apart"',
            )
        if "sessions" in requires and (stack.session is None or use not in stack.session.uses):
            raise ComponentError(
                f"{use.path}: {use.key} needs a history that is cut into sessions",
                f'put it into the session slot:  session = {{ {use.kind} = "{use.name}", pooling = "mean" }}',
            )
        if KINDS[use.kind].training_only:
            _check_objective(branch, use, reads)
    for one in (stack, stack.session):
        if one is not None:
            _check_scores(_paths(one), reads)


def requires(uses: tuple[Use, ...], what: str, registry: Registry) -> bool:
    """Whether a component requires something of `bstkit.contracts.REQUIREMENTS`."""
    return any(what in registry.resolve(use.key).component.requires for use in uses)


def is_read(stack: Stack, name: str, reads: Reads) -> bool:
    """Whether a component of a branch reads a tensor that the inputs make, before another component replaces it."""
    stacks = (stack,) if stack.session is None else (stack.session,)  # the sessions' vectors have no age and no weight
    for one in stacks:
        for path in _paths(one):
            for use in path:
                if name in reads(use):
                    return True
                if KINDS[use.kind].writes == name:
                    break
    return False


def _check_session(branch: Branch, session: Stack) -> None:
    path, history = f"{branch.name}: session", branch.history
    if history.session_gap_s is None:
        raise ComponentError(
            f"{path}: the history is not cut into sessions",
            f"add session_gap_s = 1800 to [history.{branch.name}] of features.toml, or leave the session slot empty",
        )
    if history.length is not None:
        raise ComponentError(
            f"{path}: the history's length input '{history.length}' cannot say where sessions end",
            f"give [history.{branch.name}] a mask in its place",
        )
    if branch.append:
        raise ComponentError(
            f"{path}: an appended candidate belongs to no session", 'set candidate = "apart", or leave session empty'
        )
    if session.session is not None:
        raise ComponentError(f"{path}: a session holds no further sessions", "take the inner session slot out")


def _check_objective(branch: Branch, use: Use, reads: Reads) -> None:
    own = use in branch.stack.encoder
    if not own or branch.stack.session is not None:
        raise ComponentError(
            f"{use.path}: {use.key} is an objective, which reads the steps of a whole history; sessions and inner "
            "branches have none",
            "put it into the encoder list of a branch without sessions",
        )
    if branch.append:
        raise ComponentError(
            f"{use.path}: {use.key} tells clicked steps from sampled ones, and an appended candidate is neither",
            'set candidate = "apart"',
        )
    if branch.history.negatives is None and "negative" in reads(use):
        raise ComponentError(
            f"{use.path}: {use.key} needs `negative` (an embedded sampled history), which nothing samples",
            f'add negatives = "uniform" to [history.{branch.name}] of features.toml',
        )


def _paths(stack: Stack) -> list[tuple[Use, ...]]:
    """Every way from the sequence to one pooling: the components that a tensor passes, in order."""
    ends: list[tuple[Use, ...]] = []
    for one in stack.pooling:
        ends += _paths(one) if isinstance(one, Stack) else [(one,)]
    return [(*stack.sequence_uses, *end) for end in ends]


def _check_scores(paths: list[tuple[Use, ...]], reads: Reads) -> None:
    for use in dict.fromkeys(use.path for path in paths for use in path if use.kind == "score"):
        ways = [(path, score) for path in paths for score in path if score.path == use]
        if not any(_weighs(score, path, reads) for path, score in ways):
            raise ComponentError(
                f"{use}: {ways[0][1].key} makes `weight`, which no component after it reads",
                "put encoder.weighted, a gru with cell = 'augru', pooling.mean or pooling.sum after it, or take it out",
            )


def _weighs(score: Use, path: tuple[Use, ...], reads: Reads) -> bool:
    for use in path[path.index(score) + 1 :]:
        if "weight" in reads(use):
            return True
        if use.kind == "score":
            return False
    return False
