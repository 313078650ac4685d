"""Runs as the hub's account: what a hub that somebody has taken over gets from the Docker socket that is named.

Prints JSON: what was tried → "admitted", or why not. What was made is removed again.
"""

import json
import pwd
import socket
import sys
from collections.abc import Callable, Mapping
from typing import Any

import docker
import requests
from docker.errors import APIError

from hubinstall import layout
from hubinstall.hubside import container
from hubinstall.hubside.accounts import Account
from hubinstall.hubside.limits import ServerLimits
from hubinstall.hubside.settings import HubSettings

PATH, PERSON = sys.argv[1:3]
SETTINGS = HubSettings.load(layout.HUB_SETTINGS)
PLACES = container.AccountFiles
NAME = f"{layout.CONTAINER_PREFIX}-{PERSON}-hijacked{layout.CONTAINER_TAIL}"
CLIENT = docker.APIClient(base_url=f"unix://{PATH}", version="auto", timeout=60)
FOUND = Account.find(PERSON)
assert FOUND
ACCOUNT = FOUND
Attempt = Callable[[], object]


def server(options: Mapping[str, object] | None = None, **more: object) -> None:
    """A server as the hub itself would ask for it, with `options` of HostConfig and other changes."""
    files = PLACES(*(f"{layout.SERVER_ACCOUNTS}/{ACCOUNT.uid}.{kind}" for kind in ("passwd", "group")))
    config = container.host_config(ServerLimits(256 << 20, 1.0, 256, None), SETTINGS.cgroup_parent, [], init=False)
    config |= {
        "mounts": container.mounts(ACCOUNT, files, {}, container.mountinfo_here()),
        "network_mode": SETTINGS.network.name,
    }
    said = {
        "image": SETTINGS.image, "name": NAME, "entrypoint": ["sleep"], "command": ["60"],
        "user": f"{ACCOUNT.uid}:{ACCOUNT.gid}", "labels": {layout.USER_LABEL: PERSON, layout.SERVER_LABEL: "x"},
        "host_config": CLIENT.create_host_config(**config | dict(options or {})),
    }  # fmt: skip
    made = CLIENT.create_container(**said | more)["Id"]
    CLIENT.remove_container(made, force=True)


def plain(text: bytes) -> str:
    """Raw bytes; the answer's first line."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(20)
        line.connect(PATH)
        line.sendall(text)
        first = line.recv(4096).split(b"\r\n")[0].decode()
    if " 2" in first[8:11]:
        return first
    raise ValueError(first)


def ask(method: str, path: str, **more: Any) -> None:
    answer = CLIENT.request(method, f"{CLIENT.base_url}/v{CLIENT._version}{path}", timeout=20, **more)
    answer.raise_for_status()


def bound(source: str, **more: Any) -> Attempt:
    return lambda: server({"mounts": [container.bind(source, "/x", **more)]})


def option(**options: object) -> Attempt:
    return lambda: server(options)


def changed(**more: Any) -> Attempt:
    return lambda: server(**more)


def json_of(text: str) -> Attempt:
    return lambda: ask(
        "POST", f"/containers/create?name={NAME}", data=text, headers={"Content-Type": "application/json"}
    )


ROOT = pwd.getpwnam("root")
GOOD = json.dumps({"Image": SETTINGS.image, "User": "0:0"})
TRIES: dict[str, Attempt] = {
    "privileged": option(privileged=True),
    "root": changed(user="0:0"),
    "another's uid": changed(user=f"{ACCOUNT.uid + 1}:{ACCOUNT.gid}"),
    "label of root": changed(labels={layout.USER_LABEL: ROOT.pw_name}),
    "no label": changed(labels={}),
    "another name": changed(name="other"),
    "another image": changed(image="site/other:1"),
    "bind /": bound("/"),
    "bind /etc": bound("/etc"),
    "bind docker.sock": bound("/run/docker.sock"),
    "bind the hub's state": bound(layout.HUB_STATE),
    "bind a file of the hub's": bound(f"{layout.SERVER_ACCOUNTS}/{ACCOUNT.uid}.passwd"),
    "bind another's home": bound("/home/ada"),
    "bind with dots": bound(f"{ACCOUNT.home}/../ada"),
    "bind below the home": bound(f"{ACCOUNT.home}/below"),
    "shared propagation": bound(ACCOUNT.home, propagation="rshared"),
    "all shares to write": bound(layout.SHARED_DATA),
    "a volume": option(binds=["stolen:/x:rw"]),
    "a device": option(devices=["/dev/mem:/dev/mem:rwm"]),
    "device rules": option(device_cgroup_rules=["c *:* rwm"]),
    "capability": option(cap_add=["SYS_ADMIN"]),
    "all capabilities": option(cap_drop=[]),
    "no seccomp": option(security_opt=["no-new-privileges", "seccomp=unconfined"]),
    "new privileges": option(security_opt=[]),
    "no apparmor": option(security_opt=["no-new-privileges", "apparmor=unconfined"]),
    "pid of the host": option(pid_mode="host"),
    "ipc of the host": option(ipc_mode="host"),
    "network of the host": option(network_mode="host"),
    "another network": option(network_mode="bridge"),
    "users of the host": option(userns_mode="host"),
    "uts of the host": option(uts_mode="host"),
    "another cgroup": option(cgroup_parent="/"),
    "sysctl": option(sysctls={"net.ipv4.ip_forward": "1"}),
    "runtime": option(runtime="other"),
    "group of docker": option(group_add=["docker"]),
    "group 0": option(group_add=["0"]),
    "a port of the host": option(port_bindings={"8888/tcp": 2222}),
    "without memory limit": option(mem_limit=0, memswap_limit=0),
    "more memory": option(mem_limit=1 << 40, memswap_limit=1 << 40),
    "swap": option(memswap_limit=1 << 40),
    "more cores": option(cpu_quota=6_400_000),
    "cores without a limit": option(cpu_period=0, cpu_quota=0),
    "more processes": option(pids_limit=100_000),
    "writable root": option(read_only=False),
    "restart by itself": option(restart_policy={"Name": "always"}),
    "key in capitals": json_of('{"IMAGE": "x", "HOSTCONFIG": {"PRIVILEGED": true}}'),
    "key twice": json_of(GOOD[:-1] + ', "HostConfig": {}, "HostConfig": {"Privileged": true}}'),
    "nested keys": json_of('{"HostConfig": {"hostconfig": {"Privileged": true}}}'),
    "exec": lambda: CLIENT.exec_create(NAME, "id"),
    "build": lambda: ask("POST", "/build"),
    "commit": lambda: ask("POST", "/commit"),
    "volumes": lambda: CLIENT.create_volume("stolen"),
    "list of volumes": CLIENT.volumes,
    "plugins": lambda: ask("GET", "/plugins"),
    "swarm": lambda: ask("POST", "/swarm/init"),
    "secrets": lambda: ask("GET", "/secrets"),
    "events": lambda: ask("GET", "/events?since=0&until=1"),
    "info": CLIENT.info,
    "networks": CLIENT.networks,
    "network bridge": lambda: CLIENT.inspect_network("bridge"),
    "create a network": lambda: CLIENT.create_network("stolen"),
    "pull": lambda: CLIENT.pull("debian", "12"),
    "name for an image": lambda: CLIENT.tag("site/other:1", SETTINGS.image.rpartition(":")[0], "stolen"),
    "remove an image": lambda: CLIENT.remove_image(SETTINGS.image),
    "save an image": lambda: next(iter(CLIENT.get_image(SETTINGS.image))),
    "look at another's": lambda: CLIENT.inspect_container("other"),
    "stop another's": lambda: CLIENT.stop("other"),
    "start another's": lambda: CLIENT.start("other"),
    "log of another's": lambda: CLIENT.logs("other"),
    "remove another's": lambda: CLIENT.remove_container("other", force=True),
    "files of another's": lambda: CLIENT.get_archive("other", "/etc"),
    "files into another's": lambda: CLIENT.put_archive("other", "/", b""),
    "attach": lambda: ask("POST", "/containers/other/attach?stream=1"),
    "prune": CLIENT.prune_containers,
    "two lengths": lambda: plain(b"GET /version HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 9\r\n\r\n"),
    "length and chunks": lambda: plain(
        b"POST /version HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    ),
    "encoded path": lambda: plain(b"GET /containers/%2e%2e/info HTTP/1.1\r\nHost: x\r\n\r\n"),
    "two slashes": lambda: plain(b"GET //info HTTP/1.1\r\nHost: x\r\n\r\n"),
    "another version": lambda: plain(b"GET /v1.0/info HTTP/1.1\r\nHost: x\r\n\r\n"),
    "hijack": lambda: plain(b"POST /session HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n"),
    # What a hub must be able to do, and so can one that is somebody else's.
    "+ a person's server": server,
    "+ list of servers": lambda: CLIENT.containers(all=True),
    "+ the network": lambda: CLIENT.inspect_network(SETTINGS.network.name),
    "+ the image": lambda: CLIENT.inspect_image(SETTINGS.image),
}  # fmt: skip


def outcome(attempt: Attempt) -> str:
    try:
        attempt()
    except (APIError, ValueError, requests.RequestException, docker.errors.DockerException, StopIteration) as error:
        return str(getattr(error, "explanation", "") or error)[:300] or type(error).__name__
    return "admitted"


print(json.dumps({name: outcome(attempt) for name, attempt in TRIES.items()}))
