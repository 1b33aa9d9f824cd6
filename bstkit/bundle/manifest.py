"""manifest.json: what a bundle is, what it holds, and the digests that prove it.

The models below are the format. Their JSON Schema ships beside them, for readers in other languages; a test holds the
two together.
"""

from __future__ import annotations

import hashlib
import json
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError

from bstkit.bundle.contract import CONTRACT_VERSION, Contract, Fact
from bstkit.errors import BundleError, VerificationError

MANIFEST = "manifest.json"
MODEL = "model.onnx"
DATA_SET = "test_data_set_"
"""How the folders of golden vectors begin; ONNX's own test runner looks for this name."""

SCHEMA_VERSION = 1
"""Rises when an older reader would misunderstand the file."""

CHANGED = "take the bundle again from where it was exported; it was changed on the way"
_NO_BUNDLE = "give a folder that `bstkit export` wrote"
_MOST_LINES = 20

Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class FileFact(Fact):
    """One file of the bundle."""

    bytes: Annotated[int, Field(ge=0)]
    sha256: Sha256


class Data(Fact):
    """What the model was trained on: how the log was named, and a digest of what was prepared from it."""

    log: str
    sha256: Sha256


class Identity(Fact):
    """Where a model comes from.

    Args:
        recipe: the recipe's name.
        bstkit: its version.
        versions: package -> version, of those that made the file.
        components: `kind.name` -> distribution and version that gave it when the model was trained, or the name of a
            local file and its digest.
        seed: of weights, shuffling, dropout and sampled negatives.
        data: None where no run is behind the model.
    """

    recipe: str
    bstkit: str
    versions: dict[str, str]
    components: dict[str, str]
    seed: int
    data: Data | None


class GraphFact(Fact):
    """The ONNX file from outside.

    Args:
        target: what it is made for.
        opset, ir_version, lowest_onnxruntime: what loads it.
        operations: operation -> number of nodes.
        runs_beside: files that hold the same model in other forms.
    """

    target: str
    opset: int
    ir_version: int
    lowest_onnxruntime: str
    operations: dict[str, int]
    runs_beside: tuple[str, ...] = ()


class VocabularyFact(Fact):
    """The vocabulary of one id space.

    Args:
        file: in the bundle; line n, from 1, is the key of id n + 1. None where the model was exported without one,
            or the contract says that keys are hashed.
        rows: of the embedding table, padding and out-of-vocabulary included; ids from there on count as unknown.
    """

    file: str | None
    rows: int


class Tolerance(Fact):
    """`|file - TensorFlow| <= atol + rtol * |TensorFlow|`."""

    atol: float
    rtol: float


class Vector(Fact):
    """One data set of golden vectors.

    Args:
        name: the case, and `_twin` behind it for the second data set of a case; before the names in `golden.npz`.
        case: the case.
        folder: with `input_<i>.pb` and `output_<i>.pb`, in the order of the contract.
        rows: of the batch.
        twin: name of the data set that this one must agree with; None for most.
        order: row i of this one is row `order[i]` of `twin`; None where they stand in the same order.
    """

    name: str
    case: str
    folder: str
    rows: int
    twin: str | None = None
    order: tuple[int, ...] | None = None


class Manifest(Fact):
    """A whole manifest.json.

    Args:
        schema_version: of this format.
        contract_sha256: digest of the canonical contract; also in the model's metadata, as `bstkit.contract.sha256`.
        contract: what a caller must know.
        identity, graph, vocabularies, tolerances: facts about the model; tolerances are by output.
        vectors: the golden vectors.
        files: path -> size and digest, every file of the bundle but manifest.json itself.
    """

    schema_version: Annotated[int, Field(ge=1)]
    contract_sha256: Sha256
    contract: Contract
    identity: Identity
    graph: GraphFact
    vocabularies: dict[str, VocabularyFact]
    tolerances: dict[str, Tolerance]
    vectors: tuple[Vector, ...]
    files: dict[str, FileFact]

    def to_json(self) -> str:
        """The file's text."""
        return json.dumps(self.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n"


def is_bundle(folder: Path) -> bool:
    """Whether a folder says that it is a bundle."""
    return (folder / MANIFEST).is_file()


def read_manifest(folder: Path) -> Manifest:
    """Read and check the manifest of a bundle.

    Raises:
        BundleError: there is none, or it or its contract is of a newer format.
        VerificationError: it is no JSON, breaks the schema, or its contract was changed; all problems are listed.
    """
    path = folder / MANIFEST
    try:
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise BundleError(f"{path} cannot be read: {error.strerror}", _NO_BUNDLE) from error
    except ValueError as error:
        raise VerificationError(f"{path} is no JSON: {error}", CHANGED) from error
    version = content.get("schema_version") if isinstance(content, dict) else None
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise BundleError(
            f"{path} is of format {version}, and this bstkit reads formats up to {SCHEMA_VERSION}", "upgrade bstkit"
        )
    contract = content.get("contract") if isinstance(content, dict) else None
    version = contract.get("version") if isinstance(contract, dict) else None
    if isinstance(version, int) and version > CONTRACT_VERSION:
        raise BundleError(
            f"{path} states a contract of version {version}, and this bstkit knows versions up to {CONTRACT_VERSION}",
            "upgrade bstkit",
        )
    try:
        manifest = Manifest.model_validate(content)
    except ValidationError as error:
        lines = [f"  {'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
        raise VerificationError("\n".join([f"{path} breaks its schema:", *lines[:_MOST_LINES]]), CHANGED) from error
    if manifest.contract.sha256 != manifest.contract_sha256:
        raise VerificationError(f"{path}: the contract does not have the digest that stands beside it", CHANGED)
    return manifest


def schema() -> dict[str, Any]:
    """The JSON Schema of the current format, made from the models."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"manifest.json of a bstkit bundle, format {SCHEMA_VERSION}",
        **Manifest.model_json_schema(),
    }


def shipped_schema() -> dict[str, Any]:
    """The JSON Schema of the current format, as the package holds it for others to read."""
    text = files("bstkit.bundle").joinpath(f"manifest-{SCHEMA_VERSION}.schema.json").read_text(encoding="utf-8")
    content: dict[str, Any] = json.loads(text)
    return content


def file_fact(path: Path) -> FileFact:
    """Size and digest of a file, read in pieces."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    return FileFact(bytes=path.stat().st_size, sha256=digest.hexdigest())
