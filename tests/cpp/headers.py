"""Headers of ONNX Runtime and nlohmann/json: the machine's own, else Debian's, unpacked without installing anything."""

import os
import re
import shutil
import subprocess
from pathlib import Path

SUITE = "trixie"
"""The first Debian with `libonnxruntime-dev`; its headers are of API 21, and work with every later library."""

_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_SYSTEM = [Path(folder) for folder in ("/usr/include", "/usr/local/include")]


class NotHereError(Exception):
    """What is needed cannot be had on this machine; the message says why."""


def find_headers(scratch):
    """Folders for -DORT_INCLUDE and -DJSON_INCLUDE.

    Raises:
        NotHereError: they are not installed, and Debian's packages cannot be had.
    """
    apt = PrivateApt(scratch)
    ort = [Path(os.environ["ORT_INCLUDE"])] if "ORT_INCLUDE" in os.environ else _SYSTEM
    ort = [base / name for base in ort for name in ("", "onnxruntime", "onnxruntime/core/session")]
    return (
        _first(ort, "onnxruntime_cxx_api.h") or apt.unpacked("libonnxruntime-dev") / "usr/include/onnxruntime",
        _first(_SYSTEM, "nlohmann/json.hpp") or apt.unpacked("nlohmann-json3-dev") / "usr/include",
    )


class PrivateApt:
    """apt with a state of its own: no source is added to the system, nothing is installed, and root is not needed.

    Args:
        scratch: folder for its lists and what it downloads.
    """

    def __init__(self, scratch):
        self._folder = scratch / "apt"
        self._options = None

    def unpacked(self, package):
        """Download a package and unpack it; the folder that holds its usr/."""
        if self._options is None:
            self._options = self._updated()
        place = self._folder / package
        place.mkdir()
        _run("apt-get", *self._options, "download", package, cwd=place)
        [archive] = place.glob("*.deb")
        _run("dpkg", "-x", str(archive), str(place))
        return place

    def _updated(self):
        for name in ("lists/partial", "cache/archives/partial"):
            (self._folder / name).mkdir(parents=True)
        sources = self._folder / "sources.list"
        sources.write_text(f"deb [signed-by={_KEYRING}] {_debian_mirror()} {SUITE} main\n")
        options = {
            "Dir::Etc::sourcelist": sources,
            "Dir::Etc::sourceparts": self._folder / "none",
            "Dir::State::lists": self._folder / "lists",
            "Dir::Cache": self._folder / "cache",
            "APT::Sandbox::User": "root",  # apt's own user cannot enter our folder
        }
        arguments = [part for name, value in options.items() for part in ("-o", f"{name}={value}")]
        _run("apt-get", *arguments, "update")
        return arguments


def _debian_mirror():
    """The mirror that the machine's own configuration names."""
    if shutil.which("apt-get") is None or not _KEYRING.is_file():
        raise NotHereError("this is no Debian, whose packages hold the headers")
    listed = _run("apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages").split()
    mirrors = [uri for uri in listed if re.search(r"/debian/?$", uri)]
    if not mirrors:
        raise NotHereError("the machine's apt configuration names no mirror of Debian")
    return mirrors[0]


def _first(folders, name):
    return next((folder for folder in folders if (folder / name).is_file()), None)


def _run(*command, cwd=None):
    try:
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=180, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotHereError(f"{' '.join(command[:2])}: {error}") from error
    if done.returncode:
        raise NotHereError(f"`{' '.join(command)}` failed: {done.stderr.strip()}")
    return done.stdout
