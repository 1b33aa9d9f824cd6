"""Execution providers: who was asked for must have run. CUDA is played by fakes."""

import json
import sys
from types import SimpleNamespace

import pytest

from bstkit.errors import ProviderError, RunError
from bstkit.export import providers
from bstkit.export.assignment import NodeRun, count_by_provider, count_copies
from bstkit.export.providers import LEVELS, check_names, make_session, nodes_that_ran

CUDA, CPU = "CUDAExecutionProvider", "CPUExecutionProvider"


class FakeRuntime:
    """An ONNX Runtime that has CUDA, or falls back, or was built without it."""

    SessionOptions = SimpleNamespace
    GraphOptimizationLevel = SimpleNamespace(**{name: name for name in LEVELS.values()})

    def __init__(self, built_with, works):
        self.built_with, self.works, self.opened = built_with, works, []

    def get_available_providers(self):
        return self.built_with

    def preload_dlls(self):
        sys.stdout.write("Failed to load libcublas.so: no such file\n")

    def set_default_logger_severity(self, severity):
        self.severity = severity

    def InferenceSession(self, model, options, providers):  # ONNX Runtime's own name
        self.opened.append(providers)
        return SimpleNamespace(get_providers=lambda: [p for p in providers if p in self.works], options=options)


@pytest.fixture
def runtime(monkeypatch):
    def make(built_with=(CUDA, CPU), works=(CUDA, CPU)):
        fake = FakeRuntime(list(built_with), works)
        monkeypatch.setattr(providers, "_runtime", lambda: fake)
        return fake

    return make


def test_cuda_that_works_is_taken(runtime, tmp_path):
    fake = runtime()
    check_names(("cpu", "cuda"))
    session = make_session(tmp_path / "model.onnx", "cuda", "extended", tmp_path / "profile")
    assert fake.opened[-1] == [CUDA, CPU]
    assert session.options.graph_optimization_level == "ORT_ENABLE_EXTENDED"
    assert session.options.enable_profiling


def test_silent_fallback_to_cpu_is_an_error_that_says_so(runtime, capsys):
    fake = runtime(works=(CPU,))
    with pytest.raises(
        ProviderError, match=r"'cuda' was asked for and did not run.*fell back to CPU.*libcublas"
    ) as caught:
        check_names(("cuda",))
    assert "pip install 'bstkit[cuda]'" in caught.value.hint
    assert capsys.readouterr().out == ""
    assert fake.severity == 2  # ONNX Runtime warns again


def test_runtime_without_cuda_is_an_error(runtime):
    runtime(built_with=(CPU,))
    with pytest.raises(ProviderError, match="built without CUDAExecutionProvider"):
        check_names(("cuda",))


def test_this_machine_without_cuda_fails_clearly(capfd):
    import onnxruntime

    if CUDA in onnxruntime.get_available_providers() and _cuda_works():
        pytest.skip("this machine has CUDA")
    with pytest.raises(ProviderError, match="'cuda' was asked for and did not run"):
        check_names(("cuda",))
    assert capfd.readouterr() == ("", "")


def _cuda_works():
    try:
        check_names(("cuda",))
    except ProviderError:
        return False
    return True


@pytest.mark.parametrize("names", [(), ("gpu",)])
def test_no_or_unknown_provider_is_an_error(names):
    with pytest.raises(ProviderError) as caught:
        check_names(names)
    assert "cpu, cuda, tensorrt" in caught.value.hint


def profile(tmp_path, *ran):
    """A session whose profile says which nodes ran where: name, operation, provider."""
    events = [{"cat": "Session", "name": "load"}]
    events += [
        {"cat": "Node", "name": f"{name}_kernel_time", "args": {"op_name": operation, "provider": provider}}
        for name, operation, provider in ran
    ]
    path = tmp_path / "profile.json"
    path.write_text(json.dumps(events))
    return SimpleNamespace(end_profiling=lambda: str(path)), path


def test_nodes_that_ran_are_those_of_the_profile_once_each(tmp_path):
    ran = [("a", "MatMul", CUDA), ("b", "Add", CUDA), ("b", "Add", CUDA), ("shape", "Shape", CPU)]
    session, path = profile(tmp_path, *ran)
    nodes = nodes_that_ran(session, "cuda")
    assert nodes == tuple(NodeRun(*one) for one in (ran[0], ran[1], ran[3]))
    assert count_by_provider(nodes) == {CUDA: 2, CPU: 1}
    assert count_copies(nodes) == 0
    assert not path.exists()


def test_copies_between_devices_are_counted(tmp_path):
    session, _ = profile(
        tmp_path,
        ("ids", "Gather", CPU),
        ("Memcpy", "MemcpyFromHost", CUDA),
        ("dense", "MatMul", CUDA),
        ("Memcpy_token_1", "MemcpyToHost", CUDA),
    )
    assert count_copies(nodes_that_ran(session, "cuda")) == 2


def test_provider_that_ran_no_node_is_an_error(tmp_path):
    session, _ = profile(tmp_path, ("a", "MatMul", CPU))
    with pytest.raises(ProviderError, match="every node ran on CPUExecutionProvider"):
        nodes_that_ran(session, "cuda")


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_profile_that_a_full_disk_cut_short_is_named(tmp_path, share):
    session, file = profile(tmp_path, ("a", "MatMul", CPU))
    whole = file.read_bytes()
    file.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(RunError, match=r"profile in .* was cut short") as caught:
        nodes_that_ran(session, "cpu")
    assert "TMPDIR" in caught.value.hint


def test_every_node_of_a_real_file_is_named_with_its_operation(exported):
    _, report = exported
    nodes = report.assignment["cpu"]
    assert {node.provider for node in nodes} == {CPU}
    assert len(nodes) == report.providers["cpu"]["all"][CPU]
    assert len({node.name for node in nodes}) == len(nodes)
    assert all(node.operation and not node.name.endswith("kernel_time") for node in nodes)
    assert "MatMul" in {node.operation for node in nodes}
    assert set(report.copies["cpu"].values()) == {0}
