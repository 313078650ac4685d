"""Whatever settings are allowed, the programs accept what is made of them: nginx, systemd, supervisor, nft, Python, sh.

The settings are drawn: one number of many for each commit, --exhaustive tries them all.
"""

import io
import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from fakes.facts import fake_facts
from harness import anysettings
from harness.machine import Machine
from harness.nspawn import ProcessManager
from hubinstall import layout
from hubinstall.blueprint.contents import blueprint
from hubinstall.machine.facts import Facts
from hubinstall.resources.base import Resource
from hubinstall.resources.files.file import File
from hubinstall.resources.services.unit import UnitFile
from hubinstall.settings.model import Settings

pytestmark = [pytest.mark.one_kind, pytest.mark.in_turns]

COUNT = 25
NUMBERS = range(40)
FOLDER = "/root/rendered"
SUPERVISOR = "import sys; from supervisor.options import ServerOptions as O; O().realize(['-c', sys.argv[1]])"
EXPOSED = 20
"""How exposed a service may be at most, in tenths of what `systemd-analyze security` says."""
# The folder of a unit, then its names: what is said of other units is not ours (see resources/services/unit.py).
SYSTEMD = """cd "$1"; shift
said=$(systemd-analyze verify "$@" 2>&1)
for unit; do ! echo "$said" | grep -F "$unit" || exit 1; done
"""
# Runs inside the machine: what to ask in, what was refused out.
JUDGE = r"""
import json, subprocess, sys
refused = []
with open(sys.argv[1]) as file:
    for argv in json.load(file):
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode:
            refused.append([argv, done.returncode, done.stdout[-2000:] + done.stderr[-2000:]])
json.dump(refused, sys.stdout)
"""


@dataclass
class Rendered:
    """The files of many installations, each in a folder of its own, and what is to be asked about them."""

    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[list[str]] = field(default_factory=list)
    known: set[tuple[str, bytes]] = field(default_factory=set)

    def add(self, settings: Settings, facts: Facts) -> None:
        top = f"{FOLDER}/{len(self.files)}"
        resources = {r.name: r for r in blueprint(settings, facts) if isinstance(r, File | UnitFile)}
        for name, resource in resources.items():
            content = resource.data if isinstance(resource, File) else resource.content.encode()
            # supervisord and systemd are to read what is beside it, not what is installed.
            beside = layout.LAUNCHERS if isinstance(resource, UnitFile) else layout.SUPERVISOR_PROGRAMS
            self.files[f"{top}{name}"] = content.replace(beside.encode(), f"{top}{beside}".encode())
            if (name, content) not in self.known:
                self.known.add((name, content))
                self.asked += judgements(resource, f"{top}{name}")
        if layout.SUPERVISOR_CONFIG in resources:
            python = f"{layout.SUPERVISOR_VENV}/bin/python"
            self.asked.append([python, "-c", SUPERVISOR, f"{top}{layout.SUPERVISOR_CONFIG}"])
        units = [name for name, r in resources.items() if isinstance(r, UnitFile) and not name.endswith(".conf")]
        if units:
            names = [name.removeprefix(f"{layout.SYSTEMD_UNITS}/") for name in units]
            self.asked.append(["sh", "-c", SYSTEMD, "sh", f"{top}{layout.SYSTEMD_UNITS}", *names])

    def refused(self, machine: Machine) -> list[tuple[list[str], int, str]]:
        """What the machine's programs refuse: what was asked, the exit code, and what was said."""
        machine.run(["tar", "-C", "/", "-xf", "-"], stdin=self.packed())
        machine.write(f"{FOLDER}/asked.json", json.dumps(self.asked))
        answer = machine.run(["python3", "-", f"{FOLDER}/asked.json"], stdin=JUDGE.encode()).out
        machine.run(["rm", "-r", FOLDER])
        return [(argv, code, said) for argv, code, said in json.loads(answer)]

    def packed(self) -> bytes:
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            for path, content in self.files.items():
                member = tarfile.TarInfo(path.lstrip("/"))
                member.size = len(content)
                member.mode = 0o755 if layout.LAUNCHERS in path else 0o644
                archive.addfile(member, io.BytesIO(content))
        return packed.getvalue()


def judgements(resource: Resource, path: str) -> Iterator[list[str]]:
    """What the product asks before the file counts, and what only this test asks."""
    if isinstance(resource, File) and resource.check:
        yield [path if word == "{}" else word for word in resource.check]
    if f"{layout.LAUNCHERS}/" in path or path.endswith(layout.INIT_SCRIPT):
        yield ["sh", "-n", path]
    if path.endswith(".service"):
        yield ["systemd-analyze", "security", "--no-pager", "--offline=true", f"--threshold={EXPOSED}", path]
    if path.endswith(".json"):
        yield ["python3", "-m", "json.tool", path, "/dev/null"]
    if path.endswith(".py"):
        yield ["python3", "-m", "py_compile", path]


def facts(machine: Machine, process_manager: ProcessManager) -> Facts:
    """What texts depend on, as it is on this machine."""
    manager = "systemd" if process_manager is ProcessManager.SYSTEMD else "supervisor"
    return fake_facts(manager=manager, hostname=machine.name, addresses=(machine.address,))


@pytest.mark.drawn("number", NUMBERS, sample=1)
def test_whatever_is_allowed_is_accepted(
    installed_machine: Machine, process_manager: ProcessManager, number: int
) -> None:
    machine, rendered = installed_machine, Rendered()
    drawn = anysettings.drawn(number, COUNT)
    for settings in drawn:
        rendered.add(settings, facts(machine, process_manager))
    refused = rendered.refused(machine)
    print(f"{len(drawn)} settings, {len(rendered.known)} different files, {len(rendered.asked)} questions")
    assert len(rendered.asked) > len(drawn)
    assert refused == []


WRONG = {
    layout.NGINX_SITE: b"server { listen 80; no_such_directive on; }\n",
    layout.FIREWALL_RULES: b"table inet x { chain y { accept now; } }\n",
    layout.HUB_CONFIG: b"if\n",
    layout.HUB_SETTINGS: b"{",
    layout.launcher(layout.HUB_SERVICE): b"#!/bin/sh\nif\n",
}


def test_a_mistake_in_any_language_is_noticed(installed_machine: Machine, process_manager: ProcessManager) -> None:
    """Of the judges themselves: one wrong file of each kind, and all else as it should be."""
    rendered = Rendered()
    rendered.add(anysettings.EXTREMES[0], facts(installed_machine, process_manager))
    wrong = dict(WRONG)
    if process_manager is ProcessManager.SYSTEMD:
        wrong[layout.unit(layout.HUB_SERVICE)] = b"[Service]\nExecStart=no/absolute/path\n"
    else:
        wrong[layout.supervisor_program(layout.HUB_SERVICE)] = b"[program:x]\nno command\n"
    for name, content in wrong.items():
        assert f"{FOLDER}/0{name}" in rendered.files
        rendered.files[f"{FOLDER}/0{name}"] = content
    # Python is asked in two ways, and systemd, too.
    assert len(rendered.refused(installed_machine)) == len(wrong) + 1 + (process_manager is ProcessManager.SYSTEMD)
