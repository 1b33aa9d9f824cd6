"""`prepare_dataset`: from a log to a dataset on disk, in bounded memory."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb

from bstkit.config.features import Features
from bstkit.config.features_file import features_to_toml
from bstkit.data.checked.log import Log, read_log
from bstkit.data.checked.needed_columns import id_columns, row_histories
from bstkit.data.dataset import SPLITS, Dataset
from bstkit.data.feature_files import features_for
from bstkit.data.leaks import check_leaks
from bstkit.data.prepared.columns import ColumnStore
from bstkit.data.prepared.database import MEMORY_LIMIT, working_database
from bstkit.data.prepared.events import number_keys, write_events, write_steps
from bstkit.data.prepared.folder import (
    ARRAYS,
    BAD_ROWS,
    DATASET,
    FEATURES,
    FORMAT,
    VOCABULARIES,
    DatasetFacts,
    IdColumn,
    StoredArray,
    array_names,
    open_dataset,
)
from bstkit.data.prepared.histories import write_histories
from bstkit.data.prepared.learned import check_classes, fitted, label_rates, oov_shares
from bstkit.data.prepared.sampled_rows import draw_events, insert_rows, sampled_sizes
from bstkit.data.prepared.splits import TEST, split_sizes, write_split
from bstkit.data.prepared.vocabularies import Earlier, earlier_vocabularies, write_ids
from bstkit.progress import Progress
from bstkit.staging import new_folder
from bstkit.version import __version__


def prepare_dataset(
    log: Path | str | None,
    folder: Path | str,
    features: Features | None = None,
    *,
    vocabularies: Path | str | None = None,
    extend: bool = False,
    memory_limit: str = MEMORY_LIMIT,
    threads: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Dataset:
    """Prepare a log: check it, split it, learn vocabularies and means from its training rows, lay out its histories.

    Args:
        log: a log; None for the embedded one.
        folder: the dataset to make; it must not exist.
        features: what the log's columns mean. Defaults to the file that goes with `log`.
        vocabularies: a run, bundle or dataset whose vocabularies are taken over, so that ids stay what they are.
        extend: whether keys that those lack follow behind them; otherwise they are out-of-vocabulary.
        memory_limit: what DuckDB may hold before it spills to disk, beside `folder`.
        threads: DuckDB's. Defaults to one a core.
        seed: of the embedded log.
        progress: told about the stages.

    Returns:
        The dataset, its files mapped.

    Raises:
        DataError: the log cannot be used, is too short for the split, or a history would reach into the future. Rows
            that cannot be used are listed in `<folder>.bad_rows.csv`.
        RunError: the folder exists or cannot be written.
    """
    progress, folder = progress or Progress(), Path(folder)
    log = None if log is None else Path(log)
    features = features or features_for(log)
    earlier = None if vocabularies is None else earlier_vocabularies(Path(vocabularies), extend)
    bad_rows = folder.with_name(f"{folder.name}.{BAD_ROWS}")
    with new_folder(folder) as staging:
        with preparation(
            staging,
            log,
            features,
            progress,
            earlier=earlier,
            seed=seed,
            memory_limit=memory_limit,
            threads=threads,
            bad_rows_file=bad_rows,
        ):
            pass
        with progress.stage("check for leaks"):
            check_leaks(open_dataset(staging))
        if bad_rows.is_file():
            bad_rows.replace(staging / BAD_ROWS)
    return open_dataset(folder)


@contextmanager
def preparation(
    folder: Path,
    log: Path | None,
    features: Features,
    progress: Progress,
    *,
    earlier: Earlier | None = None,
    scoring: bool = False,
    seed: int = 0,
    memory_limit: str = MEMORY_LIMIT,
    threads: int | None = None,
    bad_rows_file: Path | None = None,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Write a dataset into a folder that is there; inside the block its database is still open.

    Args:
        folder, log, features, progress, seed, memory_limit, threads: as for `prepare_dataset`.
        earlier: vocabularies to take over.
        scoring: every row is of the split `"test"`, and nothing is learned.
        bad_rows_file: where to list rows that cannot be used.

    Yields:
        The database, with the tables `log` and `users`.
    """
    with working_database(folder / "work", memory_limit, threads) as connection:
        with progress.stage("read log"):
            read = read_log(log, features, seed, scoring=scoring, connection=connection, bad_rows_file=bad_rows_file)
        _write_dataset(folder, read, features, earlier, progress, scoring)
        yield connection


def _write_dataset(
    folder: Path, log: Log, features: Features, earlier: Earlier | None, progress: Progress, scoring: bool
) -> None:
    store = ColumnStore(folder / ARRAYS)
    with progress.stage("number keys"):
        keys = number_keys(log.connection, features)
    with progress.stage("sort events") as advance:
        write_events(log.connection, features, keys, store, log.rows, advance)
        for name in row_histories(features):
            write_steps(log.connection, features, keys, name, store)
    with progress.stage("split"):
        if scoring:
            store.derive("split", "int8", ("user",), lambda _, user: user * 0 + TEST)
        else:
            write_split(store, log.connection, features, log.origin)
    drawn = None
    if features.sampling is not None and not scoring:
        with progress.stage("sample candidates") as advance:
            drawn = draw_events(store, features, features.sampling, folder / "drawn", log.origin, advance)
            sampling = features.sampling.model_copy(update={"rate": drawn.rate})
            features = features.model_copy(update={"sampling": sampling})
    with progress.stage("encode"):
        sizes = write_ids(store, log.connection, features, keys, folder / VOCABULARIES, earlier)
    with progress.stage("lay out histories"):
        write_histories(store, features)
    if not scoring:
        features = fitted(store, features, sizes)
    if drawn is not None:
        with progress.stage("sample candidates"):
            insert_rows(store, features, drawn.events)
            drawn.events.remove()
    if not scoring:
        check_classes(store, features, log.origin)
    (folder / FEATURES).write_text(features_to_toml(features), encoding="utf-8")
    _write_facts(folder, store, features, log, sizes)


def _write_facts(
    folder: Path, store: ColumnStore, features: Features, log: Log, vocabularies: Mapping[str, int]
) -> None:
    """Say what is there."""
    facts = DatasetFacts(
        format=FORMAT,
        bstkit=__version__,
        origin=log.origin,
        rows=dict(zip(SPLITS, split_sizes(store).tolist(), strict=True)),
        sampled=sampled_sizes(store) if "sampled" in store.files else {},
        users=int(store.array("user")[-1]) + 1,
        label_rate=label_rates(store, features),
        columns={
            column: IdColumn(space=space, keys=vocabularies.get(space), oov=oov_shares(store, f"id:{column}"))
            for column, space in id_columns(features).items()
        },
        skipped=dict(log.reasons),
        arrays=_name_arrays(store, features),
    )
    (folder / DATASET).write_text(json.dumps(facts.model_dump(), indent=1) + "\n", encoding="utf-8")


def _name_arrays(store: ColumnStore, features: Features) -> dict[str, StoredArray]:
    """Name the arrays as a dataset does, and drop what was needed on the way."""
    for name, written in array_names(features).items():
        store.share(name, written)
    for name in [name for name in store.files if ":" in name.partition(".")[0]]:
        store.forget(name)
    arrays = {name: store.array(name) for name in sorted(store.files)}
    return {
        name: StoredArray(file=store.files[name], dtype=array.dtype.name, rows=len(array))
        for name, array in arrays.items()
    }
