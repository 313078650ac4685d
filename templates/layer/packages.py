"""Prints, as JSON, which Python an image has, which packages are installed in it, and which of these the server itself
needs. The arguments are versions of Python, such as >=3.11: those that this one is not are told, too.
"""

import importlib.metadata
import json
import re
import sys
from collections.abc import Iterable

SERVER = ("jupyterhub", "jupyterlab", "notebook", "jupyter_server", "ipykernel", "pip")


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def needed(names: Iterable[str], installed: dict[str, importlib.metadata.Distribution]) -> list[str]:
    """Those of the names that are installed, with everything that they need."""
    found, left = dict[str, str](), [normal(name) for name in names]
    while left:
        name = left.pop()
        if name in found or name not in installed:
            continue
        found[name] = installed[name].metadata["Name"]
        for line in installed[name].requires or ():
            package, _, condition = line.partition(";")
            if "extra" not in condition:
                left.append(normal(re.split(r"[^A-Za-z0-9._-]", package)[0]))
    return sorted(found.values())


def misfits(versions: list[str]) -> list[str]:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # noqa: PLC0415 - only where versions are asked for

    def fits(one: str) -> bool:
        try:
            return "{}.{}.{}".format(*sys.version_info) in SpecifierSet(one)
        except InvalidSpecifier:
            return False

    return [one for one in versions if not fits(one)]


def of_server(installed: dict[str, importlib.metadata.Distribution]) -> list[str]:
    """What the server needs, with its extensions, which need it."""
    server = installed["jupyter-server"].metadata["Name"] if "jupyter-server" in installed else ""
    return needed([*SERVER, *(name for name in installed if server in needed([name], installed))], installed)


installed = {normal(package.metadata["Name"]): package for package in importlib.metadata.distributions()}
found = {
    "python": "{}.{}".format(*sys.version_info),
    "packages": {package.metadata["Name"]: package.version for package in installed.values()},
    "servers": of_server(installed),
    "misfits": misfits(sys.argv[1:]) if sys.argv[1:] else [],
}
print(json.dumps(found, sort_keys=True))
