"""What an uninstall may leave on a machine, and why. Any other difference from the machine before is a fault."""

import json
import re
import time

from harness.machine import Machine
from harness.manifest import Manifest, diff, manifest
from harness.nspawn import ProcessManager
from harness.waiting import LONG

EXPLAINED = {
    "what people wrote, and may want again": r"/etc/hubinstall(/config\.yaml|/(jupyterhub_config|nginx)\.d(/.*)?)?",
    "people's homes": r"/home/\w+(/.*)?",
    "shared data": r"/srv/data(/.*)?",
    "the accounts of people, and backups that useradd makes": r"/etc/(passwd|group|shadow|gshadow|subuid|subgid)-?",
    "the checkout": r"/root/hubinstall(/.*)?",
    "what dpkg and apt know": r"/var/lib/(dpkg|apt)/.*",
    "what scripts of packages make": (
        r"/etc/(alternatives|rc[0-6S]\.d)/.*|/etc/ld\.so\.cache|/etc/modules|/etc/networks|/var/lib/nginx/\w+"
        r"|/var/www(/html(/index\.nginx-debian\.html)?)?|/etc/nginx/sites-enabled/default"
        r"|/etc/nginx/modules-enabled/50-mod-http-brotli-static\.conf"
    ),
    "that the packages' services start at boot": (
        r"/etc/systemd/system/(multi-user|sockets)\.target\.wants(/(containerd|docker|nginx)\.(service|socket))?"
    ),
    "what containerd and dockerd keep": (
        r"/etc/cni(/net\.d)?|/etc/docker(/key\.json)?|/var/lib/(containerd|docker)(/.*)?"
    ),
}
"""Reason → patterns of paths. Files of packages that were installed or upgraded may also stay, as they are now."""

# A new package may need a newer version of one that the machine had, and then apt upgrades that one.
OF_PACKAGES = r"""
import json, os, subprocess

def files(packages):
    if not packages:
        return []
    paths = subprocess.run(["dpkg-query", "-L", *packages], capture_output=True, text=True, check=True).stdout
    return sorted({os.path.join(os.path.realpath(os.path.dirname(p)), os.path.basename(p)) for p in paths.splitlines()})

known = subprocess.run(["dpkg-query", "-W", "-f", "${binary:Package}\n"], capture_output=True, text=True, check=True)
with open("/var/log/dpkg.log") as log:  # <date> <time> upgrade <package>:<architecture> <old version> <new version>
    steps = [line.split() for line in log]
upgraded = {step[3] for step in steps if step[2] == "upgrade"}
print(json.dumps([files(known.stdout.split()), files(upgraded)]))
"""
NAMED_LIKE_US = (
    "find / -xdev -ignore_readdir_race \\( -path /proc -o -path /sys -o -path /root/hubinstall -o -path /etc/hubinstall"
    " -o -path /var/cache/hubinstall-tests -o -path /home -o -path /var/lib/docker \\) -prune -o"
    " \\( -iname '*hubinstall*' -o -iname '*jupyterhub*' \\) -print; "
    "find /run /tmp /var/tmp /sys/fs/cgroup -iname '*hubinstall*' -o -iname '*jupyterhub*'"
)
# The machine's processes that run from our directory or were started by one of our launchers.
OUR_PROCESSES = "ls -l /proc/[0-9]*/exe 2>/dev/null | grep /opt/hubinstall; grep -lsz ^HUBINSTALL_ /proc/[0-9]*/environ"


def unexplained(machine: Machine, before: Manifest) -> list[str]:
    """Paths that have appeared, disappeared or changed without a known reason."""
    after = manifest(machine)
    left = diff(before, after)
    owned, upgraded = map(set, json.loads(machine.run(["python3", "-"], stdin=OF_PACKAGES.encode()).out))
    reasons = re.compile("|".join(EXPLAINED.values()))
    # update-alternatives creates these links, and no package lists them.
    alternatives = {p for p in left.added if after[p].content.startswith("/etc/alternatives/")}
    differs = [
        *(p for p in left.added if p not in owned | alternatives),
        *left.removed,
        *(p for p in left.changed if p not in upgraded),
    ]
    return [path for path in differs if not reasons.fullmatch(path)]


def traces(machine: Machine) -> dict[str, str]:
    """Descriptions of our remaining traces; empty if there are none.

    systemd forgets a unit without a file when it sees that its control group is empty, but under cgroup v1 in a
    container it is not notified (systemd.unit(5), "garbage collection"): so the result of a later check counts.
    """
    until = time.monotonic() + LONG
    while (found := _look(machine)) and time.monotonic() < until:
        time.sleep(1)
    return found


def _look(machine: Machine) -> dict[str, str]:
    commands = {
        "named like us": NAMED_LIKE_US,
        "processes": OUR_PROCESSES,
        "accounts": "grep -H -e hubinstall -e jupyterhub /etc/passwd /etc/group /etc/shadow /etc/gshadow /etc/sub?id",
        "packet filter": "nft list tables | grep hubinstall",
        "interfaces": "ip -o link | grep hubinstall",
        "/tmp": "ls -A /tmp /var/tmp | grep -v -e '^systemd-private-' -e ':$' -e '^[.].*-unix$' -e '^$'",
        # systemd's own links to other programs' files, which a small machine does not have, are not traces of ours.
        "dangling links": "find /etc /usr/local /srv /root -xdev -xtype l -not -path '/etc/ssl/*'"
        " -not -path /etc/modules-load.d/modules.conf -not -path /etc/default/locale -not -path /etc/vconsole.conf",
        "altered files of packages": "dpkg --verify | grep -v ^missing",
        "files without an owner": "find /etc /srv /opt /var/lib -xdev -path /var/lib/docker -prune -o -nouser -print"
        " -o -nogroup -print",
    }
    if machine.process_manager is ProcessManager.SYSTEMD:
        units = "systemctl list-units --all --no-legend --plain 'hubinstall*' 'jupyterhub*'"
        # The kernel's modules are the test host's: units that load some fail in a container.
        failed = "systemctl list-units --failed --no-legend --plain | grep -v ^systemd-modules-load"
        commands["units"] = f"{failed}; {units}"
    found = {what: machine.run(command, check=False).out.strip() for what, command in commands.items()}
    return {what: words for what, words in (found | _in_docker(machine)).items() if words}


def _in_docker(machine: Machine) -> dict[str, str]:
    """Images, containers and networks. If systemd does not run dockerd, it is started for this check."""
    if machine.run("command -v dockerd", check=False).code:
        return {}
    look = "docker images --quiet; docker ps --all --quiet; docker network ls --quiet --filter name=hubinstall"
    if machine.process_manager is ProcessManager.SYSTEMD:
        return {"Docker": machine.run(look).out.strip()}
    with machine.background("exec dockerd >/dev/null 2>&1") as dockerd:
        until = time.monotonic() + 60
        while machine.run("docker info", check=False).code:
            assert time.monotonic() < until, "dockerd, started by hand after an uninstall, does not answer"
            time.sleep(0.2)
        seen = machine.run(look).out.strip()
        machine.run("kill $(cat /run/docker.pid)")
        dockerd.wait(60)
    return {"Docker": seen}
