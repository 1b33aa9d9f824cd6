"""The version of the installed distribution."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("bstkit")
except PackageNotFoundError:  # a plain checkout on the path, without metadata
    __version__ = "0+checkout"
