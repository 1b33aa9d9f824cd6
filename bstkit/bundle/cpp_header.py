"""contract.hpp: the contract of a bundle as C++ constants, for programs that are compiled against it.

The types are those of `examples/cpp/contract_types.hpp`; equal contracts give equal headers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bstkit.bundle.contract import Contract, HistoryRule, IdSpace, Input, Output

_MOST_DIMS = 3


def cpp_header(contract: Contract) -> str:
    """The text of the header."""
    spaces, histories = list(contract.spaces), list(contract.histories)
    inputs = [_input(one, spaces, histories) for one in contract.inputs]
    return "\n".join(
        [
            "// Written by `bstkit export` from the contract of this bundle: export again instead of changing it.",
            "#pragma once",
            "",
            "#include <array>",
            "#include <limits>",
            "",
            '#include "contract_types.hpp"',
            "",
            "namespace bstkit::compiled {",
            "",
            "// name, dtype, role, dims, rank, column, space, history, padding",
            _array("Input", "inputs", inputs),
            "// name, task, whether it is a probability",
            _array("Output", "outputs", map(_output, contract.outputs)),
            "// name, vocabulary, padding id, unknown id, first id, padding key as int64 and as string, hash, buckets",
            _array("Space", "spaces", (_space(name, one) for name, one in contract.spaces.items())),
            "// name, max_length, max_sessions, session_length, session_gap_s, then the rules in words, max_age_s",
            _array("History", "histories", (_history(name, one) for name, one in contract.histories.items())),
            "inline constexpr Contract contract{",
            f"    {contract.version},",
            f"    {_text(contract.sha256)},",
            f"    Ids::{contract.ids},",
            *(f"    {{{name}.data(), {name}.size()}}," for name in ("inputs", "outputs", "spaces", "histories")),
            "};",
            "",
            "}  // namespace bstkit::compiled",
            "",
        ]
    )


def _array(type_: str, name: str, rows: Iterable[str]) -> str:
    lines = [f"    {row}," for row in rows]
    return "\n".join([f"inline constexpr std::array<{type_}, {len(lines)}> {name}{{{{", *lines, "}};\n"])


def _input(one: Input, spaces: Sequence[str], histories: Sequence[str]) -> str:
    dims = ", ".join([*map(_dim, one.dims), *['{"", 0}'] * (_MOST_DIMS - len(one.dims))])
    number = one.padding if isinstance(one.padding, (int, float)) and one.space is None else 0
    return _braces(
        _text(one.name),
        f"Dtype::{one.dtype}",
        f"Role::{one.role}",
        f"{{{{{dims}}}}}",
        len(one.dims),
        _text(one.column),
        "none" if one.space is None else spaces.index(one.space),
        "none" if one.history is None else histories.index(one.history),
        number,
    )


def _dim(dim: str | int) -> str:
    return f"{{{_text(dim)}, 0}}" if isinstance(dim, str) else f'{{"", {dim}}}'


def _output(one: Output) -> str:
    return _braces(_text(one.name), _text(one.task), "true" if one.kind == "probability" else "false")


def _space(name: str, one: IdSpace) -> str:
    key = one.padding_key
    hashed = () if one.hash is None else (f"Hash::{one.hash.replace('-', '_')}", one.hash_buckets)
    return _braces(
        _text(name),
        _text(one.vocabulary or ""),
        one.padding_id,
        one.unknown_id,
        one.first_id,
        _int64(key) if isinstance(key, int) else 0,
        _text(key if isinstance(key, str) else ""),
        *hashed,
    )


def _history(name: str, one: HistoryRule) -> str:
    numbers = (one.max_length, one.max_sessions or 0, one.session_length or 0, one.session_gap_s or 0)
    words = (
        one.source,
        one.events,
        one.time_rule,
        one.age_rule or "",
        one.order,
        one.padding_side,
        one.truncation,
        one.real_step,
        one.candidate,
    )
    older = () if one.max_age_s is None else (one.max_age_s,)
    return _braces(_text(name), *numbers, *map(_text, words), *older)


def _braces(*values: object) -> str:
    return f"{{{', '.join(map(str, values))}}}"


def _int64(value: int) -> str:
    # The lowest one has no literal: its digits are past int64 before the sign is looked at.
    return "std::numeric_limits<std::int64_t>::min()" if value == -(2**63) else str(value)


def _text(text: str) -> str:
    """A string literal; what is not printable ASCII as octal bytes of UTF-8, which end after three digits."""
    plain = {ord('"'): '\\"', ord("\\"): "\\\\"}
    return '"' + "".join(plain.get(b, chr(b) if 32 <= b < 127 else f"\\{b:03o}") for b in text.encode()) + '"'
