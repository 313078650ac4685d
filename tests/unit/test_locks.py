"""The version locks: whole, of one mind with each other, and without what is left out on purpose."""

import configparser
import json
import re

import pytest

from checkout_path import CHECKOUT

LOCKS = CHECKOUT / "src/hubinstall/locks"
NAMES = ("certbot", "hub", "image", "installer", "node", "supervisor")


def versions(name: str) -> dict[str, set[str]]:
    """Package → its versions (several, where they differ by Python's version)."""
    found: dict[str, set[str]] = {}
    for package, version in re.findall(r"^([\w.-]+)==(\S+)", (LOCKS / f"{name}.txt").read_text(), re.MULTILINE):
        found.setdefault(canonical(package), set()).add(version)
    return found


def wanted(text: str) -> set[str]:
    """The names of requirements, one a line."""
    return {canonical(match[0]) for line in text.splitlines() if (match := re.match(r"[\w.-]+", line.strip()))}


def canonical(package: str) -> str:
    return re.sub(r"[-_.]+", "-", package).lower()


@pytest.mark.parametrize("name", NAMES)
def test_what_is_wanted_is_locked(name):
    assert wanted((LOCKS / f"{name}.in").read_text()) - versions(name).keys() == set()


def test_every_list_has_its_source_and_the_other_way_round():
    assert {path.stem for path in LOCKS.glob("*.in")} == {path.stem for path in LOCKS.glob("*.txt")} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_no_lock_brings_back_the_slow_import(name):
    assert not {"rfc3987-syntax", "lark"} & versions(name).keys()


def test_a_users_server_speaks_the_hubs_version():
    hub, image = versions("hub"), versions("image")
    shared = {name: (hub[name], image[name]) for name in ("jupyterhub", "jupyter-events", "tornado", "traitlets")}
    assert {name: pair for name, pair in shared.items() if pair[0] != pair[1]} == {}


def test_the_tools_own_needs_are_locked():
    config = configparser.ConfigParser()
    config.read(CHECKOUT / "setup.cfg")
    names = wanted(config["options"]["install_requires"]) | {"setuptools"}
    assert names - versions("installer").keys() == set()


@pytest.mark.parametrize(("name", "program", "version"), [
    ("proxy", "configurable-http-proxy", "5."), ("vscode", "code-server", "4."),
])  # fmt: skip
def test_a_lock_of_node_modules_is_its_package_jsons(name, program, version):
    package = json.loads((LOCKS / name / "package.json").read_text())
    lock = json.loads((LOCKS / name / "package-lock.json").read_text())
    assert lock["packages"][""]["dependencies"] == package["dependencies"]
    modules = {path: module for path, module in lock["packages"].items() if path}
    assert modules[f"node_modules/{program}"]["version"].startswith(version)
    assert [path for path, module in modules.items() if not module["integrity"].startswith("sha512-")] == []
    assert "://" not in json.dumps([{k: v for k, v in m.items() if k != "funding"} for m in modules.values()])
