"""Download a file over HTTP; what was cut goes on where it stopped, unless the file has changed on the server."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from pathlib import Path
from typing import IO, Any

from bstkit.errors import DataError, RunError
from bstkit.progress import Advance
from bstkit.version import __version__

TIMEOUT_S = 30.0
"""Seconds without a byte after which a server counts as gone."""
_PIECE = 2**16
_AGAIN = "run the same command again: it goes on where it stopped"


def download(url: str, part: Path, size: int, advance: Advance) -> None:
    """Download a file.

    What was read is kept in `part` whatever happens. Beside it, `<part>.version` holds which version of the file it is
    of, its ETag or its date; the next call asks for the rest of that version only.

    Args:
        url: the file.
        part: where it is written.
        size: bytes expected, where the server does not say.
        advance: told how far it is.

    Raises:
        DataError: the server cannot be reached, refuses, or stopped in the middle.
        RunError: `part` cannot be written.
    """
    start, version = _kept(part)
    response = _open(url, start, version)
    with response:
        if response.status == http.client.PARTIAL_CONTENT and _starts_at(response) != start:
            raise DataError(f"{url}: the server sent another part of the file than it was asked for", "run it again")
        if response.status != http.client.PARTIAL_CONTENT:
            start = 0  # the server knows no ranges, or the file has changed
        length = response.headers.get("Content-Length")
        total = start + int(length) if length and length.isdigit() else None
        _write_version(part, response)
        _copy(response, url, part, start, total, size, advance)


def forget(part: Path) -> None:
    """Remove a download and what is known about it."""
    for file in (part, _version_file(part)):
        file.unlink(missing_ok=True)


def _version_file(part: Path) -> Path:
    return part.with_name(f"{part.name}.version")


def _kept(part: Path) -> tuple[int, str]:
    """How many bytes of which version are there already; 0 where the version is not known."""
    try:
        version = _version_file(part).read_text(encoding="latin-1")
        return (part.stat().st_size, version) if version else (0, "")
    except OSError:
        return 0, ""


def _write_version(part: Path, response: http.client.HTTPResponse) -> None:
    """Keep what tells one version of the file from another; a weak ETag does not."""
    tag = response.headers.get("ETag", "")
    version = tag if tag and not tag.startswith("W/") else response.headers.get("Last-Modified", "")
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        _version_file(part).write_text(version, encoding="latin-1")
    except OSError as error:
        raise _unwritable(part, error) from error


def _open(url: str, start: int, version: str) -> http.client.HTTPResponse:
    """Ask for the file, or for what follows `start`."""
    headers = {"User-Agent": f"bstkit/{__version__}"}
    if start:
        headers |= {"Range": f"bytes={start}-", "If-Range": version}
    try:
        response: http.client.HTTPResponse = urllib.request.urlopen(
            urllib.request.Request(url, headers=headers), timeout=TIMEOUT_S
        )
    except urllib.error.HTTPError as error:
        error.close()
        if start and error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
            return _open(url, 0, "")  # nothing follows: what is here is not what the server has
        raise DataError(
            f"{url}: the server answers {error.code} {error.reason}",
            "it may have moved, or the server is busy: try again later",
        ) from error
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error or type(error).__name__
        raise DataError(f"cannot reach {url}: {reason}", "check the network, or the proxy, and run it again") from error
    return response


def _starts_at(response: http.client.HTTPResponse) -> int | None:
    """Where the part that came begins, from `bytes 100-199/200`."""
    first = response.headers.get("Content-Range", "").removeprefix("bytes ").partition("-")[0]
    return int(first) if first.isdigit() else None


def _copy(
    response: http.client.HTTPResponse, url: str, part: Path, start: int, total: int | None, size: int, advance: Advance
) -> None:
    """Write what comes behind the first `start` bytes."""
    done, expected = start, max(1, total or size)
    with _opened(part, "ab" if start else "wb") as file:
        while piece := _read(response, url, done):
            try:
                file.write(piece)
                file.flush()
            except OSError as error:
                raise _unwritable(part, error) from error
            done += len(piece)
            advance(min(1.0, done / expected), f"{done / 1e6:.1f} of {expected / 1e6:.1f} MB")
    if total is not None and done < total:
        raise DataError(f"{url} stopped after {done:,} of {total:,} bytes", _AGAIN)


def _opened(part: Path, mode: str) -> IO[Any]:
    try:
        return part.open(mode)
    except OSError as error:
        raise _unwritable(part, error) from error


def _read(response: http.client.HTTPResponse, url: str, done: int) -> bytes:
    try:
        return response.read1(_PIECE)
    except (OSError, http.client.HTTPException) as error:
        reason = str(error) or type(error).__name__
        raise DataError(f"{url} stopped after {done:,} bytes: {reason}", _AGAIN) from error


def _unwritable(part: Path, error: OSError) -> RunError:
    return RunError(f"cannot write {part}: {error.strerror or error}", "make room, or choose another place with --out")
