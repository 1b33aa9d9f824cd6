"""`list hook`: what a plugin may implement."""

from __future__ import annotations

from dataclasses import asdict

from bstkit.cli.render import print_json, print_table

HOOK = "hook"


def list_hooks(json: bool) -> None:
    """List the hooks, their arguments, and since which contract version they have this form."""
    from bstkit.hookspecs import hooks

    if json:
        print_json([asdict(hook) for hook in hooks().values()])
        return
    rows = [(hook.name, ", ".join(hook.arguments), hook.since, hook.summary) for hook in hooks().values()]
    print_table(("hook", "arguments", "since contract", "summary"), rows)
