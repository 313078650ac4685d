#!/usr/bin/env python3
"""hubinstall VERSION in one file, to be piped into Python from any web server:

    curl -fsSL http://HOST/bootstrap.py | sudo python3 - --admin alice

The text at the end is a zip archive: hubinstall's wheel, and as `__main__.py` installer/bootstrap.py of its repository,
which does the work. To see it: python3 -c 'import runpy; runpy.run_path("bootstrap.py")["unpack"]("FOLDER")'

The rules for this file (installer/one_file.py; installer/build.py writes the last lines):
- Any Python 3.6 or later can run it, so that the archive can say that Python is too old.
- The only call is on the last line, after the archive, so that an incomplete download does nothing.
"""

import sys

if not sys.path[0]:  # `python3 -` would import files of the working directory
    del sys.path[0]

import base64
import hashlib
import io
import os
import tempfile
import zipfile

PYTHON = "/usr/bin/python3"


def main() -> None:
    """Continue with the archive, under the distribution's Python. What a pipe carried has been read to its end."""
    if sys.argv[0] in ("", "-"):
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    python = PYTHON if os.path.exists(PYTHON) else sys.executable
    os.execv(python, [python, "-I", in_memory(content())] + sys.argv[1:])


def content() -> bytes:
    archive = base64.b64decode(ARCHIVE)
    if hashlib.sha256(archive).hexdigest() != ARCHIVE_SHA256:
        sys.exit("bootstrap: this file is damaged\n  Download it again.")
    return archive


def in_memory(archive: bytes) -> str:
    """The path of a file without a name, which ends with this process or with the program that it becomes."""
    if sys.version_info >= (3, 8):
        number = os.memfd_create("hubinstall", 0)
    else:
        with tempfile.TemporaryFile() as temporary:
            number = os.dup(temporary.fileno())
    os.set_inheritable(number, True)
    with open(number, "wb", closefd=False) as file:
        file.write(archive)
    return "/proc/self/fd/%d" % number


def unpack(folder: str) -> None:
    zipfile.ZipFile(io.BytesIO(content())).extractall(folder)


ARCHIVE_SHA256 = ""
ARCHIVE = ""

if __name__ == "__main__":
    main()
