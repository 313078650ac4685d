"""A machine on which nothing stands in the way, and what one puts into its way."""

import json
import os
from pathlib import Path

from fakes.host import FakeHost
from fakes.kernel_tables import IF_INET6, OS_RELEASE, ROUTES, trie
from hubinstall import layout
from hubinstall.preflight import disk

TCP = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
# The tunnel leads to 10.0.0.0/8, where the default subnet lies.
WITHOUT_TUNNEL = "".join(line for line in ROUTES.splitlines(keepends=True) if "tun0" not in line)
MOUNTS = "20 1 259:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n"


def fit(tmp_path: Path, monkeypatch) -> FakeHost:
    """Debian with enough of everything, run by root."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(disk, "free_space", lambda _host, _folder: 20 * 10**9)
    host = FakeHost(tmp_path)
    for path, text in {
        "/etc/os-release": OS_RELEASE,
        "/proc/meminfo": "MemTotal:        2000000 kB\n",
        "/proc/net/route": WITHOUT_TUNNEL,
        "/proc/net/fib_trie": trie("10.88.70.2"),
        "/proc/net/if_inet6": IF_INET6,
        "/proc/self/status": "CapEff:\t000001ffffffffff\n",
        "/proc/self/mountinfo": MOUNTS,
    }.items():
        host.put(path, text)
    host.path("/var").mkdir(exist_ok=True)
    return host


def socket(address, port, inode):
    return (
        f"   0: {address}:{port:04X} 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 {inode} 1\n"
    )


def listening(host, name, pid, inode, address="00000000", port=443, table="tcp"):
    host.put(f"/proc/net/{table}", TCP + socket(address, port, inode))
    host.put(f"/proc/{pid}/comm", f"{name}\n")
    host.path(f"/proc/{pid}/fd").mkdir()
    host.path(f"/proc/{pid}/fd/7").symlink_to(f"socket:[{inode}]")


def engine(host, **info):
    host.put(layout.DOCKER_SOCKET, "")
    host.answers |= {
        "GET /info": json.dumps({"ServerVersion": "27.0.1", "CgroupDriver": "systemd"} | info),
        "docker ps": "",
        "GET /networks/": (1, "No such network"),
    }
