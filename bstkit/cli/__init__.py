"""The command line: parse, call one library function, render."""

from bstkit.cli.app import main

__all__ = ["main"]
