"""hubinstall in one file, as installer/build.py makes it of a commit and `hubinstall bundle` of what is installed."""

import base64
import hashlib
import io
import os
import textwrap
import time
import zipfile
from collections.abc import Mapping
from importlib.metadata import distribution
from importlib.resources import files
from pathlib import Path

MAIN = "__main__.py"
EMPTY = 'ARCHIVE_SHA256 = ""\nARCHIVE = ""\n'
EPOCH = 315532800
"""The first time that a zip archive can name: 1980."""
ADDED = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json")
"""Files of *.dist-info that the installation wrote; the wheel's RECORD is made again."""


def packed(wheel: Mapping[str, bytes], executable: frozenset[str], main: bytes, epoch: int) -> bytes:
    """A wheel's files with bootstrap.py as what Python runs; without the times and modes of this machine's files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in sorted({MAIN: main, **wheel}.items()):
            info = zipfile.ZipInfo(name, time.gmtime(epoch)[:6])
            info.external_attr = (0o100755 if name in executable else 0o100644) << 16
            archive.writestr(info, content, zipfile.ZIP_DEFLATED, 9)
    return buffer.getvalue()


def filled(template: str, archive: bytes, version: str) -> str:
    """installer/one_file.py with its archive."""
    assert template.count(EMPTY) == 1
    lines = "\n".join(textwrap.wrap(base64.b64encode(archive).decode(), 118))
    digest = hashlib.sha256(archive).hexdigest()
    return template.replace("VERSION", version, 1).replace(
        EMPTY, f'ARCHIVE_SHA256 = "{digest}"\nARCHIVE = """\n{lines}\n"""\n'
    )


def of_this_installation() -> str:
    """The one file that installs what is installed here."""
    installed = distribution("hubinstall")
    wheel: dict[str, bytes] = {}
    executable = set()
    for file in installed.files or []:
        if file.parts[0] == ".." or file.suffix == ".pyc" or (".dist-info" in file.parts[0] and file.name in ADDED):
            continue
        place = installed.locate_file(file)
        wheel[str(file)] = Path(str(place)).read_bytes()
        if os.access(str(place), os.X_OK):
            executable.add(str(file))
    [info] = {name.split("/")[0] for name in wheel if name.split("/")[0].endswith(".dist-info")}
    wheel[f"{info}/RECORD"] = _record(wheel, f"{info}/RECORD")
    scripts = files("hubinstall") / "data" / "installer"
    archive = packed(wheel, frozenset(executable), (scripts / "bootstrap.py").read_bytes(), EPOCH)
    return filled((scripts / "one_file.py").read_text(encoding="utf-8"), archive, installed.version)


def _record(wheel: Mapping[str, bytes], name: str) -> bytes:
    """The list of a wheel's files (packaging.python.org, recording installed projects)."""
    lines = []
    for path, content in sorted(wheel.items()):
        sum_ = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
        lines.append(f"{path},sha256={sum_},{len(content)}")
    return ("\n".join([*lines, f"{name},,"]) + "\n").encode()
