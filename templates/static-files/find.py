"""Prints a tar archive of files that a browser may get from nginx, whoever asks: `find.py server` or `find.py hub`.

Only files whose address names what is in them, so that nobody can get another one than their own server would give:
of servers (JupyterLab, Notebook, their extensions) those with a hash in their names, of the hub those that its pages
ask for by `?v=` and the SHA-512. Run by the Python whose packages these are, in an image as on the host.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

HASHED = re.compile(r"(.*[.-])?[0-9a-f]{16,64}\.[a-z0-9]+")
"""What webpack calls a file: main.0123456789abcdef.js, 0123456789abcdef.woff2."""
TYPES = {"css", "eot", "gif", "ico", "jpg", "js", "json", "mjs", "png", "svg", "ttf", "wasm", "webp", "woff", "woff2"}
ASKED_FOR = re.compile(r"""static_url\(\s*["']([^"']+)["']\s*\)""")
"""In the hub's templates: it adds the hash itself."""


def of_servers() -> dict[str, Path]:
    """Address below /user/NAME/ → file. What is found first counts, as where Jupyter looks (jupyter_core.paths)."""
    prefixes = [Path(prefix) for prefix in (sys.prefix, "/usr/local", "/usr")]
    roots = [("static/lab", prefix / "share/jupyter/lab/static") for prefix in prefixes]
    roots += [("lab/extensions", prefix / "share/jupyter/labextensions") for prefix in prefixes]
    notebook = importlib.util.find_spec("notebook")
    if notebook and notebook.origin:
        roots.append(("static/notebook", Path(notebook.origin).parent / "static"))
    found: dict[str, Path] = {}
    for address, root in roots:
        for file in files(root):
            if HASHED.fullmatch(file.name):
                found.setdefault(f"{address}/{file.relative_to(root)}", file)
    return found


def of_the_hub() -> dict[str, Path]:
    """The SHA-512 and the address below /hub/static/ → file."""
    share = Path(sys.prefix) / "share/jupyterhub"
    pages = [page.read_text(encoding="utf-8") for page in sorted((share / "templates").glob("*.html"))]
    names = {name for page in pages for name in ASKED_FOR.findall(page)}
    there = [share / "static" / name for name in sorted(names) if (share / "static" / name).is_file()]
    hashes = {file: hashlib.sha512(file.read_bytes()).hexdigest() for file in there if is_served(file)}
    return {f"{hash_}/{file.relative_to(share / 'static')}": file for file, hash_ in hashes.items()}


def files(root: Path) -> Iterator[Path]:
    for folder, _, names in os.walk(root):
        yield from (Path(folder, name) for name in sorted(names) if is_served(Path(name)))


def is_served(file: Path) -> bool:
    return file.suffix[1:] in TYPES


def main() -> None:
    found = of_the_hub() if sys.argv[1] == "hub" else of_servers()
    with tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as tar:
        for address, file in sorted(found.items()):
            with file.open("rb") as content:
                status = os.fstat(content.fileno())
                entry = tarfile.TarInfo(f"files/{address}")
                entry.size, entry.mtime, entry.mode = status.st_size, int(status.st_mtime), 0o644
                tar.addfile(entry, content)


if __name__ == "__main__":
    main()
