"""The CMake project and the generated header, beyond what building the programs shows."""

import re
import shutil
import subprocess

from bstkit.bundle.cpp_header import cpp_header
from bstkit.bundle.manifest import read_manifest
from tests.cpp.programs import EXAMPLE


def test_cmake_says_what_it_lacks(site, tmp_path):
    bundle, (ort, json_folder) = site.bundle("small"), site.headers
    json_option, ort_option = f"-DJSON_INCLUDE={json_folder}", f"-DORT_INCLUDE={ort}"
    build = ("-B", str(tmp_path / "build"))
    for options, says in (
        ((*build, f"-DBUNDLE={tmp_path}", json_option, ort_option), "-DBUNDLE=<a folder"),
        ((*build, f"-DBUNDLE={bundle}", json_option, f"-DORT_ROOT={tmp_path}"), "-DORT_ROOT=<ONNX Runtime's release"),
        ((f"-DBUNDLE={bundle}", "-B", str(bundle / "build"), json_option, ort_option), "would add files to it"),
    ):
        done = site.configure(*options)
        assert done.returncode != 0
        said = re.sub(r"\s+", " ", done.stderr)
        assert "Hint: " in said
        assert says in said
    shutil.rmtree(bundle / "build", ignore_errors=True)


def test_bundle_holds_the_sources_of_the_example(site):
    inside = site.bundle("rich") / "cpp"
    for source in EXAMPLE.iterdir():
        assert (inside / source.name).read_bytes() == source.read_bytes()
    assert {path.name for path in inside.iterdir()} == {path.name for path in EXAMPLE.iterdir()} | {"contract.hpp"}


def test_header_of_odd_names_compiles(tmp_path, site):
    """Names are data: quotes, backslashes, other alphabets, an escape with a digit behind it."""
    contract = read_manifest(site.bundle("rich_fixed")).contract
    odd = 'a"\\\n\t?"é7ключ'
    first = contract.inputs[0].model_copy(update={"name": odd, "history": None})
    space = contract.spaces["item"].model_copy(update={"padding_key": -(2**63)})
    changed = contract.model_copy(update={"inputs": (first,), "histories": {}, "spaces": {"item": space}})
    (tmp_path / "contract.hpp").write_text(cpp_header(changed))
    (tmp_path / "main.cpp").write_text(
        '#include "contract.hpp"\n'
        "using bstkit::compiled::contract;\n"
        f"static_assert(contract.inputs[0].name.size() == {len(odd.encode())});\n"
        'static_assert(contract.inputs[0].name.substr(0, 8) == "a\\"\\\\\\n\\t?\\"\\303");\n'
        "static_assert(contract.inputs[0].dims[0].size == 4 && contract.histories.size() == 0);\n"
        "static_assert(contract.spaces[0].padding_int64 == std::numeric_limits<std::int64_t>::min());\n"
        "int main() {}\n"
    )
    flags = ["-std=c++17", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", f"-I{EXAMPLE}"]
    done = subprocess.run(["c++", *flags, str(tmp_path / "main.cpp")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
