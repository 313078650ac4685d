"""What a machine could leak: counted before and after a long time of trouble, in lines that can be compared."""

from harness.machine import Machine
from harness.manifest import HALF_WRITTEN

# Names that must stay the same are listed; things that get a new number each time are only counted.
KINDS = {
    "containers": "docker ps --all --no-trunc --format '{{.Names}} {{.ID}} {{.State}}' | sort",
    "images": "docker images --all --quiet --no-trunc | sort",
    "volumes": "docker volume ls --quiet | sort",
    "layers and logs of containers": "cd /var/lib/docker; ls containers overlay2 image/overlay2/layerdb/mounts | sort",
    "listening sockets": "ss -Hltx | awk '/LISTEN/ {print $1, $5}' | sed -E 's/[0-9a-f]{12,64}/ID/' | sort",
    "running programs": "ps -eo user:32,comm,args | grep -v 'is shutting down'"
    " | awk '$2 !~ /^(ps|bash|sort|grep|awk|uniq)$/ {print $1, $2}' | sort | uniq -c",
    # Containers' network namespaces are among them. Docker removes the empty file of a namespace a minute after it is
    # gone, and forgets to if it is restarted within this minute: then only its name stays in /run.
    "mounts": "awk '{print $2}' /proc/1/mounts | sed -E 's/[0-9a-f]{64}/ID/' | sort | uniq -c",
    "network devices": "ip -o link | awk -F'[ :@]+' '{print $2}' | sed -E 's/^veth.*/veth/' | sort | uniq -c",
    # Without the elements of sets: each connection adds its address to some.
    "packet filter": "nft list tables | sort; nft --terse list ruleset | wc -l",
    "what lives until the next boot": "find /run/hubinstall /run/hubinstall.lock | sort",
    "control groups": "find /sys/fs/cgroup -type d -path '*hubinstall*' | sed -E 's/[0-9a-f]{64}/ID/' | sort | uniq -c",
    "temporary files": "find /tmp /var/tmp -mindepth 1 -maxdepth 2 | sed -E 's/systemd-private-.*/private/' | sort -u",
    "caches": "find /var/cache/hubinstall | sort",
    "half-written files": HALF_WRITTEN,
}
"""Kind → the command that lists it. The last one lists nothing on an idle machine."""

Inventory = dict[str, list[str]]


def inventory(machine: Machine) -> Inventory:
    """Everything in `KINDS`, line by line."""
    return {what: machine.run(command).out.splitlines() for what, command in KINDS.items()}


def difference(before: Inventory, after: Inventory) -> list[str]:
    """Lines that appeared or disappeared, each with its kind; empty if nothing changed."""
    return [
        f"{what}: {sign} {line}"
        for what in before
        for sign, lines in (
            ("-", [li for li in before[what] if li not in after[what]]),
            ("+", [li for li in after[what] if li not in before[what]]),
        )
        for line in lines
    ]
