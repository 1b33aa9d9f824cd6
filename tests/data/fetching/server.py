"""A server on the loopback interface that sends one archive in every way that servers have."""

from __future__ import annotations

import io
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


def archive(**files: str) -> bytes:
    """A zip archive; in a name, `__` stands for `/`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, text in files.items():
            opened.writestr(name.replace("__", "/"), text)
    return buffer.getvalue()


@dataclass
class Behaviour:
    """How the server answers; a test sets it.

    Args:
        content: what it sends.
        tag: its ETag; None: none.
        modified: its date; None: none.
        ranges: whether it knows them.
        cut_after: it hangs up after so many bytes of an answer.
        status: of every answer, where it is an error.
        asked: the headers of every request.
    """

    content: bytes = b""
    tag: str | None = '"one"'
    modified: str | None = None
    ranges: bool = True
    cut_after: int | None = None
    status: int = 200
    asked: list[dict[str, str]] = field(default_factory=list)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Any

    def do_GET(self) -> None:
        """Answer as the behaviour says."""
        how: Behaviour = self.server.behaviour
        how.asked.append(dict(self.headers))
        self.close_connection = True
        if how.status != 200:
            self.send_error(how.status)
            return
        start = self._start(how)
        if start is not None and start >= len(how.content):
            self.send_error(416)
            return
        self.send_response(200 if start is None else 206)
        body = how.content[start or 0 :]
        if start is not None:
            self.send_header("Content-Range", f"bytes {start}-{len(how.content) - 1}/{len(how.content)}")
        self.send_header("Content-Length", str(len(body)))
        for name, value in (("ETag", how.tag), ("Last-Modified", how.modified)):
            if value is not None:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body if how.cut_after is None else body[: how.cut_after])

    def _start(self, how: Behaviour) -> int | None:
        """Where the part begins that was asked for; None for the whole file."""
        asked = self.headers.get("Range")
        if not how.ranges or asked is None or self.headers.get("If-Range") not in (how.tag, how.modified):
            return None
        return int(asked.removeprefix("bytes=").removesuffix("-"))

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def serving() -> Iterator[ThreadingHTTPServer]:
    """A server that stops at the end."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
