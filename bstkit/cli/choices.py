"""`list` and `show` of optimizers and schedules, which are no components."""

from __future__ import annotations

from dataclasses import asdict

import typer

from bstkit.cli.render import print_json, print_pairs, print_table

TRAIN_CHOICES = ("optimizer", "schedule")
"""The keys of `bstkit.config.choices.CHOICES`, which takes pydantic to import."""


def list_choices(kind: str, json: bool) -> None:
    """List the optimizers, or the schedules."""
    from bstkit.config.choices import CHOICES, choice_name, choice_summary

    rows = [(f"{kind}.{choice_name(form)}", choice_summary(form)) for form in CHOICES[kind]]
    if json:
        print_json([{"key": key, "kind": kind, "name": key.partition(".")[2], "summary": what} for key, what in rows])
        return
    print_table((kind, "summary"), rows)


def show_choice(key: str, json: bool) -> None:
    """Show one: what it is, its parameters, and how registry.toml names it."""
    from bstkit.config.choices import choice_parameters, choice_summary, find_choice

    kind, _, name = key.partition(".")
    form = find_choice(kind, name)
    rows = choice_parameters(form)
    if json:
        parameters = [asdict(row) for row in rows]
        print_json({"key": key, "kind": kind, "name": name, "summary": choice_summary(form), "parameters": parameters})
        return
    print_pairs((("key", key), ("summary", choice_summary(form)), ("use", f"--set train.{kind}={name}")))
    typer.echo()
    cells = [(row.name, row.type, repr(row.default), row.meaning) for row in rows]
    print_table(("parameter", "type", "default", "meaning"), cells)
