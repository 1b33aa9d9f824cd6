"""Describe a log: what it holds, as facts, and a features.toml that reads it."""

from bstkit.data.description.describe import describe_log
from bstkit.data.description.facts import LogDescription

__all__ = ["LogDescription", "describe_log"]
