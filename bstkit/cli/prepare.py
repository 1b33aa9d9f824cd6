"""`data prepare`: from a log to a dataset on disk."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bstkit.cli.options import JsonOption
from bstkit.cli.render import print_json, print_pairs, print_table
from bstkit.errors import ConfigError

if TYPE_CHECKING:
    from bstkit.config.features import Features
    from bstkit.data.prepared.folder import DatasetFacts


def prepare_log(
    log: Annotated[
        Path | None,
        typer.Argument(
            metavar="[LOG]",
            help="A file, a folder of shards, or a pattern in quotes; the embedded log by default.",
            show_default=False,
        ),
    ] = None,
    features: Annotated[
        Path | None, typer.Option("--features", metavar="PATH", help="What the log's columns mean; see the README.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FOLDER", help="The dataset to make. Default: datasets/<log>.")
    ] = None,
    vocabularies: Annotated[
        Path | None,
        typer.Option(
            "--vocabularies",
            metavar="FOLDER",
            help="A run, bundle or dataset whose ids are kept; keys that it lacks are out-of-vocabulary.",
        ),
    ] = None,
    extend: Annotated[
        bool, typer.Option("--extend", help="With --vocabularies: new keys follow behind the known ones.")
    ] = False,
    bad_rows: Annotated[
        Literal["error", "skip"] | None,
        typer.Option("--bad-rows", help="What becomes of rows that cannot be used. Default: as features.toml says."),
    ] = None,
    max_bad_share: Annotated[
        float | None,
        typer.Option(
            "--max-bad-share", metavar="SHARE", min=0, max=1, help="With skip: the most that may be left out."
        ),
    ] = None,
    memory_limit: Annotated[
        str, typer.Option("--memory-limit", metavar="SIZE", help="What DuckDB holds before it spills to disk.")
    ] = "1GB",
    threads: Annotated[
        int | None, typer.Option("--threads", metavar="N", min=1, help="DuckDB's threads. Default: one a core.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Prepare a log once: check, split, encode, lay out histories; `bstkit train --data DATASET` reads it.

    The work is done in bounded memory, beside the dataset, which appears whole or not at all.
    """
    from bstkit.cli.progress import job
    from bstkit.data.prepared.folder import read_facts
    from bstkit.data.prepared.job import prepare_dataset

    if extend and vocabularies is None:
        raise ConfigError("--extend says what becomes of earlier ids, and there are none", "add --vocabularies FOLDER")
    folder = out or Path("datasets") / (log.name.partition(".")[0] if log else "embedded")
    with job() as progress:
        prepare_dataset(
            log,
            folder,
            _features(log, features, bad_rows, max_bad_share),
            vocabularies=vocabularies,
            extend=extend,
            memory_limit=memory_limit,
            threads=threads,
            progress=progress,
        )
    _print(folder, read_facts(folder), progress.seconds, json)


def _features(log: Path | None, path: Path | None, bad_rows: str | None, max_bad_share: float | None) -> Features:
    """What the columns mean, with the policy of the command line over the file's."""
    from bstkit.config.features_file import load_features
    from bstkit.data.feature_files import features_for

    features = load_features(path) if path else features_for(log)
    given = {"bad_rows": bad_rows, "max_bad_share": max_bad_share}
    policy = {key: value for key, value in given.items() if value is not None}
    return features.model_copy(update={"log": features.log.model_copy(update=policy)}) if policy else features


def _print(folder: Path, facts: DatasetFacts, seconds: Mapping[str, float], json: bool) -> None:
    """Rows of each split, the id spaces, what was left out, seconds by stage."""
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    if json:
        print_json(
            {
                "dataset": str(folder),
                **facts.model_dump(exclude={"arrays"}),
                "bytes": size,
                "seconds": dict(seconds),
            }
        )
        return
    every = sum(facts.rows.values())
    rates = [
        [f"{facts.label_rate[task].get(split, math.nan):.4f}" for task in facts.label_rate] for split in facts.rows
    ]
    print_table(
        ("split", "rows", "share", *(f"{task} rate" for task in facts.label_rate)),
        [
            (split, f"{rows:,}", f"{rows / every:.1%}", *rate)
            for (split, rows), rate in zip(facts.rows.items(), rates, strict=True)
        ],
    )
    typer.echo()
    print_table(
        ("id column", "space", "keys", *(f"OOV in {split}" for split in facts.rows)),
        [
            (
                column,
                one.space,
                f"{one.keys:,}" if one.keys is not None else "hashed",
                *(f"{one.oov.get(split, math.nan):.2%}" for split in facts.rows),
            )
            for column, one in facts.columns.items()
        ],
    )
    typer.echo()
    from bstkit.data.prepared.folder import BAD_ROWS

    sampled = sum(facts.sampled.values())
    skipped = ", ".join(f"{count:,} {reason}" for reason, count in facts.skipped.items())
    print_pairs(
        (
            ("users", f"{facts.users:,}"),
            ("sampled", f"{sampled:,} of the rows: candidates drawn beside positives" if sampled else ""),
            ("left out", skipped and f"{skipped}; listed in {folder / BAD_ROWS}"),
            ("bytes", f"{size:,} ({size / every:.0f} a row)"),
            ("seconds", ", ".join(f"{stage} {took:.1f}" for stage, took in seconds.items())),
            ("dataset", folder),
            ("next", f"bstkit train --data {folder}"),
        )
    )
