"""The wheel and the source archive, as their build backend makes them: no network, and nothing written here."""

import importlib.util
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Literal

from harness import checkout
from harness.archives import unpack


def source(folder: Path) -> Path:
    """A copy of the checkout, which a build may write into."""
    folder.mkdir(exist_ok=True)
    unpack(checkout.archive(), folder)
    return folder


def build(what: Literal["sdist", "wheel"], of: Path, target: Path) -> Path:
    """Build it with the setuptools of the tests' own list."""
    code = f"import sys; from setuptools import build_meta; build_meta.build_{what}(sys.argv[1])"
    target.mkdir(exist_ok=True)
    argv = [sys.executable, "-c", code, str(target)]
    ended = subprocess.run(argv, cwd=of, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    [file] = target.iterdir()
    return file


def unpacked(sdist: Path, folder: Path) -> Path:
    """The folder that is in it."""
    with tarfile.open(sdist) as archive:
        archive.extractall(folder)
    [top] = folder.iterdir()
    return top


def contents(wheel: Path) -> dict[str, tuple[bytes, bool]]:
    """Name → content, and whether it is executable."""
    with zipfile.ZipFile(wheel) as archive:
        return {i.filename: (archive.read(i), bool(i.external_attr >> 16 & 0o100)) for i in archive.infolist()}


def bootstrap_of(folder: Path) -> ModuleType:
    """installer/bootstrap.py of a checkout, imported."""
    spec = importlib.util.spec_from_file_location("bootstrap", folder / "installer/bootstrap.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
