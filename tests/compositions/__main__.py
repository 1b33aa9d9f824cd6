"""Run compositions and count what became of them.

    python -m tests.compositions                  the covering array: every pair of choices
    python -m tests.compositions --all --jobs 2 --out compositions.jsonl
                                                  every combination; goes on where it was stopped

prints counts, and every reason of a refusal or failure once; exit code 1 if anything failed.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from tests.compositions.choices import FACTORS, Composition, every_composition
from tests.compositions.covering import covering_array
from tests.compositions.outcome import Outcome, outcome_from_json
from tests.compositions.worker import work

BATCH = 40
"""Compositions whose runs one process reloads."""

BATCHES_OF_A_PROCESS = 5
"""After so many a working process is replaced, whatever it has kept."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, count, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", action="store_true", help="every combination in place of every pair")
    parser.add_argument("--full", action="store_true", help="with --all: verify on every case, not on a choice of them")
    parser.add_argument(
        "--out", type=Path, help="JSON lines, one a composition; those that are there are not run again"
    )
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--limit", type=int, help="stop after so many compositions")
    options = parser.parse_args(arguments)
    wanted = [composition.name for composition in (every_composition() if options.all else covering_compositions())]
    done = {one.name: one for one in _read(options.out)}
    missing = [name for name in wanted if name not in done][: options.limit]
    start = time.monotonic()
    for outcomes in _run(missing, options.jobs, quick=options.all and not options.full):
        done |= {one.name: one for one in outcomes}
        _append(options.out, outcomes)
        seconds = time.monotonic() - start
        sys.stderr.write(f"{len([n for n in wanted if n in done])} of {len(wanted)}, {seconds:.0f} s\n")
    found = [done[name] for name in wanted if name in done]
    sys.stdout.write(summary(found))
    return int(any(outcome.status == "failed" for outcome in found))


def covering_compositions() -> list[Composition]:
    """Every pair of choices; pairs that are refused together come last."""
    rows = covering_array(FACTORS, lambda levels: Composition(*levels).refusal is None)
    return [Composition(*levels) for levels in rows]


def summary(outcomes: Sequence[Outcome]) -> str:
    """Counts, then each reason with how often it was met."""
    counts = Counter(outcome.status for outcome in outcomes)
    lines = [
        f"verified {counts['verified']}, refused {counts['refused']}, failed {counts['failed']}, total {len(outcomes)}"
    ]
    reasons = Counter((outcome.status, outcome.reason) for outcome in outcomes if outcome.reason)
    for (status, reason), count in sorted(reasons.items(), key=lambda item: (item[0][0] != "failed", -item[1])):
        example = next(one.name for one in outcomes if (one.status, one.reason) == (status, reason))
        lines.append(f"{status} {count}: {reason}  [{example}]")
    return "\n".join(lines) + "\n"


def _run(names: Sequence[str], jobs: int, quick: bool) -> Iterator[list[Outcome]]:
    size = min(BATCH, max(1, -(-len(names) // max(jobs, 1))))
    batches = [names[start : start + size] for start in range(0, len(names), size)]
    if jobs <= 1:
        yield from (work(batch, quick) for batch in batches)
        return
    # Not concurrent.futures: its pool can stop for good when it replaces a process (python/cpython#115634).
    context = multiprocessing.get_context("spawn")
    with context.Pool(jobs, maxtasksperchild=BATCHES_OF_A_PROCESS) as pool:
        yield from pool.imap_unordered(partial(work, quick=quick), batches)


def _read(path: Path | None) -> Iterable[Outcome]:
    if path is None or not path.is_file():
        return []
    return [outcome_from_json(line) for line in path.read_text().splitlines()]


def _append(path: Path | None, outcomes: Iterable[Outcome]) -> None:
    if path is not None:
        with path.open("a") as file:
            file.writelines(f"{outcome.to_json()}\n" for outcome in outcomes)


if __name__ == "__main__":
    sys.exit(main())
