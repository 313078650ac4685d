"""Files on their way into a machine."""

import io
import tarfile
from collections.abc import Iterable
from pathlib import Path


def pack(folder: Path, names: Iterable[str]) -> bytes:
    """A tar of `names` (relative paths; directories with their content), owned by root; links stay links."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name in names:
            tar.add(folder / name, arcname=name, filter=_of_root)
    return buffer.getvalue()


def _of_root(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.uid = info.gid = 0
    info.uname = info.gname = "root"
    return info


def unpack(archive: bytes, folder: Path) -> None:
    """The reverse: unpack a tar of `pack` into an existing directory."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(folder)
