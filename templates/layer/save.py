"""Writes one layer of an image as an archive that `docker image load` reads, where the layers below are on the machine.

usage: save.py DIRECTORY DRIVER ID NAME > archive.tar

`docker image save` writes all layers, also those of the base: a minute, for a few files. Beside the files of a layer,
Docker keeps how its archive looked without their content (github.com/vbatts/tar-split); it checks the digest of what it
loads. Where containerd stores the images, there are no such files: then this ends with an error.
"""

import base64
import contextlib
import gzip
import hashlib
import json
import os
import shutil
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

FILE = 1
"""The kind of an entry that stands for a file's content; the others have their bytes with them."""


def chain(layers: list[str]) -> str:
    """The digest by which Docker knows a layer with all below it (image specification, "ChainID")."""
    found = layers[0]
    for layer in layers[1:]:
        found = f"sha256:{hashlib.sha256(f'{found} {layer}'.encode()).hexdigest()}"
    return found


def entries(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path) as lines:
        yield from map(json.loads, lines)


def size_of(entry: dict[str, Any]) -> int:
    return int(entry.get("size", 0)) if entry["type"] == FILE else len(base64.b64decode(entry["payload"]))


def name_of(entry: dict[str, Any]) -> str:
    raw = entry.get("name_raw")
    return os.fsdecode(base64.b64decode(raw)) if raw else str(entry["name"])


def write_layer(out: BinaryIO, recipe: Path, files: Path) -> None:
    for entry in entries(recipe):
        if entry["type"] != FILE:
            out.write(base64.b64decode(entry["payload"]))
        elif size_of(entry):
            with (files / name_of(entry)).open("rb") as file:
                shutil.copyfileobj(file, out, 1 << 20)


@contextlib.contextmanager
def member(out: BinaryIO, name: str, size: int) -> Iterator[None]:
    """The block writes the content of one file of the archive."""
    about = tarfile.TarInfo(name)
    about.size = size
    out.write(about.tobuf(tarfile.GNU_FORMAT))
    yield
    out.write(bytes(-size % tarfile.BLOCKSIZE))


def main(directory: str, driver: str, id_: str, name: str) -> None:
    store, out = Path(directory, "image", driver), sys.stdout.buffer
    config = (store / "imagedb/content/sha256" / id_.removeprefix("sha256:")).read_bytes()
    layers = json.loads(config)["rootfs"]["diff_ids"]
    about = store / "layerdb/sha256" / chain(layers).removeprefix("sha256:")
    files, recipe = Path(directory, driver, (about / "cache-id").read_text(), "diff"), about / "tar-split.json.gz"
    names = [f"{layer.removeprefix('sha256:')}.tar" for layer in layers]
    manifest = json.dumps([{"Config": "config.json", "RepoTags": [name], "Layers": names}]).encode()
    with member(out, names[-1], sum(map(size_of, entries(recipe)))):
        write_layer(out, recipe, files)
    for path, content in {"config.json": config, "manifest.json": manifest}.items():
        with member(out, path, len(content)):
            out.write(content)
    out.write(bytes(2 * tarfile.BLOCKSIZE))


if __name__ == "__main__":
    main(*sys.argv[1:])
