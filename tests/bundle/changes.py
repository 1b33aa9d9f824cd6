"""Change files of a bundle, with or without covering the traces."""

import json

from bstkit.bundle.manifest import file_fact


def edit_manifest(folder, change):
    """Apply `change(content)` to manifest.json."""
    path = folder / "manifest.json"
    content = json.loads(path.read_bytes())
    change(content)
    path.write_text(json.dumps(content))


def cover(folder, *names):
    """Write the digests of changed files into the manifest, as an attacker or a careless script would."""

    def change(content):
        for name in names:
            content["files"][name] = file_fact(folder / name).model_dump()

    edit_manifest(folder, change)


def flip(path, place=-1):
    """Change one byte of a file."""
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
