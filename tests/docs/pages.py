"""Read a page of docs/ as what a reader does with it: files to write, commands to run, output to see."""

import ast
import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Command:
    """A line after `$`, and the lines below it: its output, of which a page may show some only."""

    text: str
    shown: tuple[str, ...]


@dataclass(frozen=True)
class Code:
    """A block whose first line names a file: all of it, or indented methods of the file's class."""

    path: str
    text: str


def steps(page):
    """The commands and code blocks of a page, in order."""
    found = []
    for language, block in re.findall(r"^```(\w+)\n(.*?)^```$", page, re.DOTALL | re.MULTILINE):
        if language == "console":
            for text in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
                command, *shown = text.splitlines()
                found.append(Command(command, tuple(line for line in shown if line.strip())))
        else:
            first, _, text = block.partition("\n")
            found.append(Code(first.removeprefix("# "), text))
    return found


def with_methods(source, methods):
    """A module with methods of its one class replaced, or added behind its `call`."""
    for method in ast.parse(f"class Given:\n{methods}").body[0].body:
        lines = source.splitlines(keepends=True)
        [edited] = [node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)]
        known = {node.name: node for node in edited.body if isinstance(node, ast.FunctionDef)}
        call = known["call"]
        first, last = (call.lineno - 1, call.end_lineno) if method.name == "call" else (call.end_lineno,) * 2
        new = methods.splitlines(keepends=True)[method.lineno - 2 : method.end_lineno - 1]
        lines[first:last] = new if method.name == "call" else ["\n", *new]
        source = "".join(lines)
    return source


def missing(shown, printed):
    """The first shown line that is not printed behind those before it.

    Numbers and spaces may differ; a page may leave out lines, and the end of a line where it writes an ellipsis.
    """
    rest = iter([_loosely(line) for line in printed.splitlines()])
    for line in shown:
        wanted = _loosely(line.removesuffix("…"))
        if not any(one.startswith(wanted) if line.endswith("…") else one == wanted for one in rest):
            return line
    return None


def _loosely(line):
    return re.sub(r"\d+([.,:]\d+)*(e[-+]\d+)?", "0", " ".join(line.split()))
