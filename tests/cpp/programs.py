"""Builds the C++ programs for every bundle, once for all workers of a test run."""

import fcntl
import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import onnxruntime

from tests.cpp.headers import NotHereError, find_headers
from tests.cpp.models import export_all

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "cpp"
LIBRARY = next(Path(onnxruntime.__file__).parent.glob("capi/libonnxruntime.so*"), None)
"""ONNX Runtime's library in the wheel that Python uses, too."""

ENVIRONMENT = {
    **os.environ,
    "ASAN_OPTIONS": "exitcode=99:detect_leaks=1",
    "UBSAN_OPTIONS": "exitcode=99:print_stacktrace=1",
    "BSTKIT_ORT_LIBRARY": str(LIBRARY),
    "CTEST_PARALLEL_LEVEL": "2",
}


@dataclass(frozen=True)
class Site:
    """Where everything was built.

    Args:
        folder: `bundles/<name>`, and `programs/<name>` with what was compiled for it.
        headers: folders of ONNX Runtime's headers and of nlohmann/json.
    """

    folder: Path
    headers: tuple[Path, Path]

    def bundle(self, name):
        return self.folder / "bundles" / name

    def ctest(self, name):
        """What ctest said of the bundle's golden vectors."""
        return (self.folder / "programs" / name / "ctest.txt").read_text()

    def run(self, name, program, *arguments, **options):
        """Run a program that was compiled for a bundle; a finding of the sanitizers fails the test."""
        command = [str(self.folder / "programs" / name / f"bstkit_{program}"), *map(str, arguments)]
        options = {"encoding": "utf-8", "errors": "surrogateescape", **options}
        done = subprocess.run(command, capture_output=True, check=False, env=ENVIRONMENT, **options)
        assert done.returncode in (0, 1, 2), done.stderr
        assert "runtime error" not in done.stderr, done.stderr
        return done

    def configure(self, *options, source=EXAMPLE):
        """What `cmake` says to a configuration that is not meant to be built."""
        return subprocess.run(["cmake", "-S", str(source), *options], capture_output=True, text=True, check=False)


def build_once(folder):
    """Export, build and run ctest; whoever comes first does it.

    Raises:
        NotHereError: a tool or header cannot be had here.
    """
    with (folder / "cpp.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        outcome = folder / "cpp" / "outcome.json"
        if not outcome.is_file():
            shutil.rmtree(outcome.parent, ignore_errors=True)
            outcome.parent.mkdir()
            try:
                said = {"headers": [str(one) for one in _build_all(outcome.parent)]}
            except NotHereError as error:
                said = {"missing": str(error)}
            outcome.write_text(json.dumps(said))
        said = json.loads(outcome.read_text())
    if "missing" in said:
        raise NotHereError(said["missing"])
    return Site(outcome.parent, tuple(map(Path, said["headers"])))


def _build_all(folder):
    for tool in ("cmake", "ctest", "c++", "make"):
        if shutil.which(tool) is None:
            raise NotHereError(f"{tool} is not installed")
    if LIBRARY is None:
        raise NotHereError("the installed onnxruntime carries no library for C++")
    headers = ort, json_folder = find_headers(folder)
    export_all(folder / "bundles")
    options = [f"-DJSON_INCLUDE={json_folder}", "-DCMAKE_CXX_FLAGS=-Werror", "-DCMAKE_CXX_COMPILER=c++"]
    # As a serving team does it without the release archive: the bundle's own sources, the library opened at run time.
    _build(folder, "small", folder / "bundles/small/cpp", "plain", [*options, f"-DORT_INCLUDE={ort}"])
    # And with it; the checkout's sources, each time for another bundle.
    options += [f"-DORT_ROOT={_release_archive(folder, ort)}", "-DSANITIZE=ON", "-DCMAKE_BUILD_TYPE=Debug"]
    for name in ("din_raw", "rich", "rich_fixed"):
        _build(folder, name, EXAMPLE, "sanitized", [*options, f"-DBUNDLE={folder / 'bundles' / name}"])
    return headers


def _build(folder, name, source, build, options):
    place, kept = folder / build, folder / "programs" / name
    _run("cmake", "-S", str(source), "-B", str(place), *options)
    _run("cmake", "--build", str(place), "--parallel", "2")
    kept.mkdir(parents=True)
    for program in ("bstkit_score", "bstkit_replay"):
        shutil.copy(place / program, kept)
    tests = ["ctest", "--test-dir", str(place), "--output-on-failure"]
    done = subprocess.run(tests, capture_output=True, text=True, check=False, env=ENVIRONMENT)
    (kept / "ctest.txt").write_text(done.stdout + done.stderr)


def _release_archive(folder, headers):
    """A folder laid out as ONNX Runtime's release archive, with the wheel's library."""
    root = folder / "release"
    (root / "lib").mkdir(parents=True)
    (root / "include").symlink_to(headers)
    (root / "lib" / "libonnxruntime.so.1").symlink_to(LIBRARY)
    (root / "lib" / "libonnxruntime.so").symlink_to("libonnxruntime.so.1")
    return root


def _run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=ENVIRONMENT)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
