"""A fake host on which every kind of resource can be made, broken and removed: all the fakes together."""

import json
import os
import re
import shlex
import subprocess

from contract.case import BASE
from contract.docker import LABEL
from contract.services import DEFINITIONS
from contract.system import SETTING, SMALL
from fakes.docker import Docker, Engine
from fakes.host import FakeHost
from fakes.process_managers import Machine, SupervisorMachine
from fakes.programs import Dpkg, Nft, remove
from fakes.shadow_tools import TOOLS, Shadow
from hubinstall import layout
from hubinstall.blueprint.static_files import SCRIPTS
from hubinstall.resources.tls.authorities import UPDATE

MIRROR = "Debian|bookworm|bookworm|main|http://mirror.example/debian/|/etc/apt/sources.list:1\n"


class Definitions(dict):
    """Service → the digest in its definition, read anew each time from the files that stand there."""

    def __init__(self, host: FakeHost, manager: str) -> None:
        super().__init__()
        self.host, self.path = host, DEFINITIONS[manager][0]

    def keys(self):
        folder, _, last = self.path.rpartition("/")
        suffix = last.rpartition(".")[2]
        names = [name for name in self.host.names(folder) if name.endswith(f".{suffix}")]
        for name in names:
            digest = re.search(rf"{layout.STARTED_WITH}=\"?([^\"\n]*)", self.host.text(f"{folder}/{name}"))
            self[name.removesuffix(f".{suffix}")] = digest[1] if digest else ""
        return super().keys() & {name.removesuffix(f".{suffix}") for name in names}

    def __iter__(self):
        return iter(self.keys())

    def __getitem__(self, name):
        self.keys()
        return super().__getitem__(name)


def complete(machine: Machine) -> FakeHost:
    """The machine's host, with everything else that a machine has."""
    host = machine.host
    host.path(layout.SYSTEMD_UNITS).mkdir(parents=True)
    machine.defined = Definitions(host, machine.manager)
    for folder in (layout.STATE, layout.SECRETS, layout.CONFIG_DIR, layout.SHARED_DATA, layout.SKEL):
        host.path(folder).mkdir(parents=True)
    host.put(f"{layout.MORE_AUTHORITIES}/others.crt", "")
    host.answers[UPDATE] = trust(host)
    host.answers |= {"systemd-analyze": "", "rm -rf": remove, "getent group": has_group(host)}
    host.answers |= {"setpriv --reuid=1000": as_alice(host), "setpriv --reuid=0": as_root}
    host.path("/home/alice").mkdir()
    host.owners["/home/alice"] = ("alice", "alice")
    host.answers |= dict.fromkeys(TOOLS, Shadow(host))
    host.answers |= {"sshd": ""}
    host.put(layout.SSHD_CONFIG, "")
    dpkg = Dpkg({}, offered=SMALL)
    host.answers |= {"dpkg-query": dpkg.query, "apt-get": dpkg.apt, "dpkg --remove": dpkg.remove}
    Nft(host)
    host.put("/proc/sys/" + SETTING.replace(".", "/"), "0\n")
    host.answers["tee"] = lambda argv, text: host.put(argv[1], text) or ""
    host.answers[f"bash {SCRIPTS}"] = really(host)
    host.answers |= {"openssl": really(host), f"{layout.UV} venv": venv(host), f"{layout.UV} pip": pip(host)}
    host.answers[f"{BASE}/certbot"] = lambda argv, text: really(host)(shlex.split(host.text(argv[0]))[2:], text)
    host.answers[f"{layout.NODE}/bin/node"] = npm(host)
    with_docker(host)
    if isinstance(machine, SupervisorMachine):
        with_supervisord(machine)
    return host


def trust(host):
    """What update-ca-certificates makes of the directory of more authorities."""

    def act(_argv, _):
        texts = [host.text(f"{layout.MORE_AUTHORITIES}/{name}") for name in host.names(layout.MORE_AUTHORITIES)]
        host.put(layout.TRUST_STORE, "".join(texts))
        return ""

    return act


def has_group(host):
    return lambda argv, _: "" if f"\n{argv[-1]}:" in host.text("/etc/group") else (2, "")


def as_alice(host):
    """What `setpriv … ln -sT TARGET PATH` and `setpriv … rm -f PATH` do."""

    def act(argv, _):
        command = argv[argv.index("--") + 1 :]
        host.remove(command[-1])
        if command[0] == "ln":
            os.symlink(command[2], host.path(command[-1]))
        return ""

    return act


def as_root(argv, _):
    """The real program; it gets paths of the machine that runs the tests."""
    done = subprocess.run(argv[argv.index("--") + 1 :], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def really(host):
    """The real program, with paths below the fake host's folder."""

    def act(argv, text):
        argv = [str(host.path(word)) if word.startswith(BASE) else word for word in argv]
        done = subprocess.run(argv, input=text, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    return act


def venv(host):
    return lambda argv, _: host.put(f"{argv[-1]}/bin/python3", "") or ""


def pip(host):
    def act(argv, _):
        path = next(word for word in argv if word.startswith("--python=")).removeprefix("--python=")
        packages = re.findall(r"^(\w+)==", host.text(argv[-1].partition("=")[2]), re.MULTILINE)
        inside = path.replace("bin/python3", f"lib/python3.{os.sys.version_info.minor}/site-packages")
        for package in packages:
            host.put(f"{inside}/{package}/__init__.py", "")
        return ""

    return act


def npm(host):
    def act(argv, _):
        cache = next(word for word in argv if word.startswith("--cache=")).removeprefix("--cache=")
        folder = cache.removesuffix(".npm")
        host.put(f"{cache}/kept", "")
        for name in json.loads(host.text(f"{folder}/package.json"))["dependencies"]:
            host.put(f"{folder}/node_modules/{name}/index.js", "")
        return ""

    return act


def with_docker(host):
    engine, images = Engine(host), Docker()
    engine.label = f"label={LABEL}"
    host.put(layout.DOCKER_SOCKET, "")
    host.put(layout.DOCKER_PID, "77")
    host.put("/proc/77/comm", "dockerd\n")
    host.put(layout.DAEMON_JSON, '{"live-restore": true}\n')

    def hup(_argv, _input):
        engine.live = json.loads(host.text(layout.DAEMON_JSON))["live-restore"]
        return ""

    def unplug(argv, _input):
        host.put("/proc/net/dev", re.sub(rf".*{argv[-1]}:.*\n", "", host.text("/proc/net/dev")))
        return ""

    def build(argv, _input):
        host.put(f"{argv[argv.index('sh') + 2]}/made", "")
        return ""

    host.answers |= engine.answers() | images.answers() | {"flock": build}
    host.answers |= {"bash -o pipefail": images.pipe(host), "apt-get indextargets": MIRROR}
    host.answers |= {'sh -c kill -HUP "$1"': hup, "ip link delete": unplug}


def with_supervisord(machine: SupervisorMachine) -> None:
    """A supervisord that is its PID file, beside the server that always answers on its socket."""
    host = machine.host
    launcher = layout.launcher(layout.SUPERVISORD)
    host.put(launcher, "exec with=one")
    host.put(layout.INIT_SCRIPT, "#!/bin/sh\n")

    def start(_argv=None, _input=None):
        digest = host.text(launcher).partition("=")[2]
        host.put(layout.SUPERVISOR_PID, "50\n")
        host.put("/proc/50/environ", f"{layout.SERVICE_NAME}={layout.SUPERVISORD}\0{layout.STARTED_WITH}={digest}\0")
        return ""

    def stop(_argv=None, _input=None):
        host.remove(layout.SUPERVISOR_PID)
        host.remove("/proc/50/environ")
        return ""

    def boot(argv, _input):
        link = "/etc/rc2.d/S01hubinstall"
        host.put(link, "") if argv[-1] == "defaults" else host.remove(link)
        return ""

    machine.server.register_function(lambda: stop() == "", "supervisor.shutdown")
    host.answers |= {"env -i": start, "kill -TERM": stop, "update-rc.d": boot}
    boot(["defaults"], None)
    start()
