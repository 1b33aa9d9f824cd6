"""`cpp/` of a bundle: the header generated from the contract, and which sources go with it; `tests/cpp` builds them."""

from bstkit.bundle import cpp_project
from bstkit.bundle.cpp_header import cpp_header
from bstkit.bundle.manifest import read_manifest


def test_header_states_the_contract_of_its_bundle(encoded_bundle, raw_bundle):
    for folder in (encoded_bundle, raw_bundle):
        contract = read_manifest(folder).contract
        header = (folder / "cpp" / "contract.hpp").read_text()
        assert header == cpp_header(contract)
        assert f'"{contract.sha256}"' in header
        assert f"Ids::{contract.ids}," in header
        for one in contract.inputs:
            assert f'{{"{one.name}", Dtype::{one.dtype}, Role::{one.role}, ' in header
    assert '{"item", "vocab/item.txt", 0, 1, 2, std::numeric_limits<std::int64_t>::min(), ""}' in header
    assert '{"cate", "vocab/cate.txt", 0, 1, 2, 0, ""}' in header


def test_header_states_a_hash_and_an_age(hashed_bundle):
    header = (hashed_bundle / "cpp" / "contract.hpp").read_text()
    assert '{"item", "", 0, 1, 2, 0, "", Hash::sha256_64, 30}' in header
    assert '{"cate", "vocab/cate.txt", 0, 1, 2, 0, ""}' in header
    assert '"apart", 86400.0}' in header


def test_only_the_project_itself_is_copied(encoded_bundle, tmp_path, monkeypatch):
    sources = tmp_path / "sources"
    (sources / "build").mkdir(parents=True)
    for name in ("scorer.cpp", "scorer.hpp", "CMakeLists.txt", "README.md", "contract.hpp", "scorer.o", "build/x.cpp"):
        (sources / name).write_text("x")
    monkeypatch.setattr(cpp_project, "cpp_sources", lambda: sources)
    (tmp_path / "bundle").mkdir()
    contract = read_manifest(encoded_bundle).contract
    cpp_project.write_cpp(tmp_path / "bundle", contract)
    copied = {path.relative_to(tmp_path / "bundle").as_posix() for path in (tmp_path / "bundle").rglob("*.*")}
    assert copied == {
        f"cpp/{name}" for name in ("scorer.cpp", "scorer.hpp", "CMakeLists.txt", "README.md", "contract.hpp")
    }
    assert (tmp_path / "bundle/cpp/contract.hpp").read_text() == cpp_header(contract)
