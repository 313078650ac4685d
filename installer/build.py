#!/usr/bin/env python3
"""Build dist/bootstrap.py, which installs this commit without a checkout: installer/build.py [--key FILE]

The same commit gives the same bytes. Beside it: SHA256SUMS, and with --key (a private key of ssh's) bootstrap.py.sig.
PYTHON: the interpreter with setuptools, when it is not the virtualenv that tests/run makes.
"""

import argparse
import hashlib
import io
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import NoReturn

HERE = Path(__file__).resolve().parent.parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE / "src"))

from hubinstall.bundle import one_file  # noqa: E402 - only found now

PYTHON = os.environ.get("PYTHON", str(HERE / ".venv/bin/python"))
VERSION = re.compile(r'^__version__ = "(.*)"$', re.MULTILINE)
BUILD = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"
NAMESPACE = "file"
"""What a signature is for (ssh-keygen(1), -n)."""


def die(message: str, hint: str) -> NoReturn:
    sys.exit(f"build: {message}\n  {hint}")


def git(*words: str) -> bytes:
    argv = ["git", "-c", "safe.directory=*", "-C", str(HERE), *words]
    return subprocess.run(argv, check=True, stdout=subprocess.PIPE).stdout


def check() -> None:
    if not (HERE / ".git").exists():
        die(f"{HERE} is no git clone", "Clone the repository: the file is built from a commit.")
    if git("status", "--porcelain"):
        die("there are uncommitted changes", "Commit them, or put them aside.")
    if git("rev-parse", "--is-shallow-repository").strip() == b"true":
        die("this clone is shallow, and its commits cannot be counted", "Run `git fetch --unshallow`.")
    if not Path(PYTHON).exists():
        die(f"{PYTHON} is missing", "Run `tests/run prepare`, or set PYTHON to a Python with setuptools 69 or later.")


def numbered(text: str) -> str:
    """`__init__.py` with the number of this commit instead of 0 in a version such as 1.2.0.dev0, so that of two files
    between releases the newer one is known.
    """
    count = git("rev-list", "--count", "HEAD").decode().strip()
    return VERSION.sub(lambda found: found[0].replace(".dev0", f".dev{count}"), text)


def wheel_of(source: Path, target: Path) -> Path:
    with tarfile.open(fileobj=io.BytesIO(git("archive", "HEAD"))) as archive:
        archive.extractall(source)  # noqa: S202 - of our own repository
    init = source / "src/hubinstall/__init__.py"
    init.write_text(numbered(init.read_text()))
    ended = subprocess.run([PYTHON, "-c", BUILD, str(target)], cwd=source, capture_output=True, text=True, check=False)
    if ended.returncode:
        die("the wheel could not be built", (ended.stderr or ended.stdout).strip()[-2000:])
    [wheel] = target.iterdir()
    return wheel


def zipped(wheel: Path) -> bytes:
    """The wheel with bootstrap.py as what Python runs."""
    epoch = int(os.environ.get("SOURCE_DATE_EPOCH") or git("log", "-1", "--format=%ct"))
    with zipfile.ZipFile(wheel) as built:
        files = {name: built.read(name) for name in built.namelist()}
        executable = {info.filename for info in built.infolist() if info.external_attr >> 16 & 0o100}
    return one_file.packed(files, frozenset(executable), git("show", "HEAD:installer/bootstrap.py"), epoch)


def sign(file: Path, key: str) -> None:
    signature = file.with_name(f"{file.name}.sig")
    signature.unlink(missing_ok=True)
    ended = subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-f", key, "-n", NAMESPACE, str(file)], check=False)
    if ended.returncode or not signature.exists():
        die(f"{key} cannot sign", "Name a private key of ssh's: `ssh-keygen -t ed25519 -f FILE` makes one.")


def main() -> None:
    parser = argparse.ArgumentParser(description="Build dist/bootstrap.py, which installs this commit.")
    parser.add_argument("--key", metavar="FILE", help="sign it with this private key of ssh's")
    key = parser.parse_args().key
    check()
    file = HERE / "dist/bootstrap.py"
    with tempfile.TemporaryDirectory() as folder:
        wheel = wheel_of(Path(folder, "source"), Path(folder, "wheel"))
        version = wheel.name.split("-")[1]
        text = one_file.filled(git("show", "HEAD:installer/one_file.py").decode(), zipped(wheel), version)
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    sums = f"{hashlib.sha256(text.encode()).hexdigest()}  {file.name}\n"
    file.with_name("SHA256SUMS").write_text(sums)
    file.with_name(f"{file.name}.sig").unlink(missing_ok=True)
    if key:
        sign(file, key)
    print(f"dist/bootstrap.py installs hubinstall {version}")


if __name__ == "__main__":
    main()
