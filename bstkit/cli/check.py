"""`check`: whether components keep the promises of their kinds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from bstkit.cli.console import is_verbose
from bstkit.cli.options import JsonOption, RegistryOption, complete_keys, open_registry
from bstkit.cli.render import print_json, print_pairs, print_table

if TYPE_CHECKING:
    from bstkit.manager import Plugin
    from bstkit.progress import Advance
    from bstkit.testing import ComponentReport, Cost


def add_commands(app: typer.Typer) -> None:
    """Add this module's command to the program."""
    app.command("check")(check_components)


def check_components(
    keys: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KIND.NAME]...", help="Components.", autocompletion=complete_keys, show_default=False),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Everything that is installed.")] = False,
    rules: Annotated[
        list[str] | None, typer.Option("--rule", metavar="NAME", help="Only this rule; repeatable. Default: all.")
    ] = None,
    json: JsonOption = False,
    registry: RegistryOption = None,
) -> None:
    """Check components against the rules of their kinds: exit code 0 where all hold, 1 where one is broken.

    With `--all` a plugin that did not load counts as broken.
    """
    from bstkit.cli.progress import heavy_job
    from bstkit.testing.check import check_component, check_keys
    from bstkit.testing.rules import chosen_rules

    known = open_registry(registry)
    keys = _named(keys or [], [one.component.key for one in known.list()] if every else None)
    check_keys(keys, known)
    chosen = [rule.name for rule in chosen_rules(rules or None)]
    broken = [one for one in known.plugins.found if one.state not in ("loaded", "disabled")] if every else []
    with heavy_job() as progress, progress.stage("check") as advance:
        told = _Told(advance, keys, chosen)
        reports = [check_component(key, rules=chosen, registry=known, told=partial(told, key)) for key in keys]
    if json:
        print_json({"components": [one.to_json() for one in reports], "broken_plugins": [one.label for one in broken]})
    else:
        print_reports(reports, broken)
    raise typer.Exit(0 if all(one.passed for one in reports) and not broken else 1)


@dataclass(frozen=True)
class _Told:
    """Tell the progress which rule of which component is checked."""

    advance: Advance
    keys: Sequence[str]
    rules: Sequence[str]

    def __call__(self, key: str, rule: str) -> None:
        done = self.keys.index(key) * len(self.rules) + self.rules.index(rule)
        self.advance(done / (len(self.keys) * len(self.rules)), f"{key} {rule}")


def _named(keys: list[str], installed: list[str] | None) -> list[str]:
    """The components to check, which must be said one way or the other."""
    if installed is not None and not keys:
        return installed
    if installed is None and keys:
        return keys
    raise typer.BadParameter("name components, or give --all" if not keys else "--all goes without names")


def print_reports(reports: Sequence[ComponentReport], broken: Sequence[Plugin]) -> None:
    """A table of rules for one component, of components for several; then what is broken, and the counts."""
    if len(reports) == 1 or is_verbose():
        for report in reports:
            print_pairs((("component", report.key), ("provider", report.provider), ("graph", _graph(report.cost))))
            typer.echo()
            rows = [(one.rule, one.state, one.evidence) for one in report.outcomes]
            print_table(("rule", "result", "evidence"), rows)
            typer.echo()
    if len(reports) > 1:
        _print_components(reports)
    for report in reports:
        for (evidence, cause), rules in _broken(report).items():
            typer.echo(f"{report.key} breaks {', '.join(rules)}: {evidence}\n  likely cause: {cause}\n")
        if set(report.counts) == {"not applicable"}:
            typer.echo(f"nothing of {report.key} was checked: {report.outcomes[0].evidence}\n")
    for plugin in broken:
        typer.echo(f"plugin {plugin.label} did not load, so none of its components was checked: {plugin.cause}\n")
    typer.echo(_counted(reports))


def _broken(report: ComponentReport) -> dict[tuple[str, str], list[str]]:
    """Evidence and cause -> the rules with it: a component that cannot be imported breaks all of them alike."""
    rules: dict[tuple[str, str], list[str]] = {}
    for one in report.outcomes:
        if one.state == "broken":
            rules.setdefault((one.evidence, one.cause), []).append(one.rule)
    return rules


def _print_components(reports: Sequence[ComponentReport]) -> None:
    columns = ("component", "provider", "passed", "broken", "not applicable", "nodes", "own", "reference", "time")
    rows = []
    for one in reports:
        cost, counts = one.cost, one.counts
        nodes = (cost.nodes, cost.own_nodes) if cost else ("", "")
        beside = (
            (f"{cost.reference} {cost.reference_nodes}", f"{cost.time_ratio:.2f}")
            if cost and cost.reference
            else ("", "")
        )
        states = (counts["passed"], counts["broken"], counts["not applicable"])
        rows.append((one.key, one.provider, *states, *nodes, *beside))
    print_table(columns, rows)
    typer.echo()


def _graph(cost: Cost | None) -> str:
    if cost is None:
        return ""
    text = f"{cost.nodes} nodes in a small model, {cost.own_nodes} of them its own"
    if not cost.reference:
        return f"{text}; others are compared with it"
    return (
        f"{text}; {cost.time_ratio:.2f} times as long in ONNX Runtime as with {cost.reference}, which has "
        f"{cost.reference_nodes} nodes"
    )


def _counted(reports: Sequence[ComponentReport]) -> str:
    states = [outcome.state for report in reports for outcome in report.outcomes]
    counts = ", ".join(
        f"{states.count(state)} {state}" for state in dict.fromkeys(("passed", *sorted(states))) if states.count(state)
    )
    many = "s" if len(reports) != 1 else ""
    return f"{len(reports)} component{many}, {len(states)} rules checked: {counts}"
