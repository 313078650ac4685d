"""HostConfig of a server's container, read field by field: what it may use of this machine."""

import functools
from dataclasses import dataclass, field
from typing import Any

from hubinstall.broker import limits, sources
from hubinstall.broker.policy import Policy
from hubinstall.broker.refusal import RefusedError
from hubinstall.broker.typed import (
    Reader,
    boolean,
    each,
    fields,
    mapping,
    nested,
    number,
    only,
    text,
    unless_empty,
)  # fmt: skip
from hubinstall.hubside import seccomp
from hubinstall.hubside.accounts import Account
from hubinstall.hubside.profiles import Gives

IMAGES_GROUP = 100
"""`users`, to which directories of docker-stacks' images belong."""
PATH = text(r"/[^\0:]{0,4095}")
VOLUME = r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}"
_SHORT = text(r"[^\0\n]{0,1024}")
_SIZE = number(0)
_MODES = frozenset({"", "ro", "rw"})


@functools.cache
def _ours() -> str:
    return f"seccomp={seccomp.profile()}"


@dataclass(frozen=True)
class Owner:
    """Whose server it is, and what config.yaml allows."""

    policy: Policy
    account: Account
    gives: Gives = field(default_factory=Gives)
    """What the chosen profile gives; the hub has said which, and the broker has found it admitted."""

    def need(self, line: str, what: str) -> None:
        if not self.policy.allows(line):
            raise RefusedError(what, line)


def host_config(owner: Owner, value: Any, name: str) -> dict[str, Any]:
    """What Docker gets instead of `value`. RefusedError if it says something that is not for a server."""
    found = fields(value, name, _readers(owner))
    for key, wanted in {
        "CapDrop": ["ALL"], "NetworkMode": owner.policy.network.name, "CgroupParent": owner.policy.cgroup_parent,
    }.items():  # fmt: skip
        if found.get(key) != wanted:
            raise RefusedError(f"a server with {key} {found.get(key)!r} instead of {wanted!r}")
    if not {"no-new-privileges", "no-new-privileges:true"} & set(found.get("SecurityOpt", ())):
        raise RefusedError("a server without no-new-privileges")
    if _ours() not in found["SecurityOpt"]:
        owner.need("other-seccomp", "a server with another seccomp profile")
    if not found.get("ReadonlyRootfs"):
        owner.need("writable-root", "a server that can write to its root")
    limits.check(owner.policy, owner.account, found, owner.gives)
    return found


def _readers(owner: Owner) -> dict[str, Reader]:
    sizes = dict.fromkeys(
        ("Memory", "MemorySwap", "MemoryReservation", "MemorySwappiness", "ShmSize", "PidsLimit", "CpuPeriod",
         "CpuQuota", "CpuShares", "NanoCpus", "CpuCount", "CpuPercent"), _SIZE,
    )  # fmt: skip
    nothing = dict.fromkeys(
        ("Links", "PortBindings", "VolumesFrom", "Sysctls", "StorageOpt", "DeviceCgroupRules", "LxcConf"),
        unless_empty,
    )
    return {
        **sizes,
        **nothing,
        "CpusetCpus": text(r"[0-9,-]{0,256}"),
        "CpusetMems": text(r"[0-9,-]{0,256}"),
        "OomScoreAdj": number(0, 1000),
        "Privileged": only(False),
        "PublishAllPorts": only(False),
        "AutoRemove": only(False),
        "OomKillDisable": only(False),
        "ReadonlyRootfs": boolean,
        "Init": boolean,
        "NetworkMode": _SHORT,
        "IpcMode": only("", "private", "none"),
        "CgroupnsMode": only("", "private"),
        "PidMode": only(""),
        "UTSMode": only(""),
        "UsernsMode": only(""),
        "Isolation": only("", "default"),
        "VolumeDriver": only("", "local"),
        "CgroupParent": _SHORT,
        "RestartPolicy": nested({"Name": only("", "no"), "MaximumRetryCount": only(0)}),
        "Dns": each(text(r"[0-9a-fA-F.:]{2,45}"), 10),
        "DnsSearch": each(_SHORT, 10),
        "DnsOptions": each(_SHORT, 20),
        "ExtraHosts": each(_SHORT, 200),
        "Ulimits": each(nested({"Name": text("[a-z]{1,20}"), "Soft": number(-1), "Hard": number(-1)}), 20),
        "LogConfig": nested({
            "Type": only("json-file", "local", "none"),
            "Config": mapping(only("max-size", "max-file", "compress"), text("[0-9a-z.]{1,20}")),
        }),
        "Tmpfs": mapping(PATH, text(r"[a-z0-9=,%._-]{0,256}"), 40),
        "SecurityOpt": each(_security(owner)),
        "CapDrop": each(text("[A-Z_]{1,40}"), 60),
        "CapAdd": each(_allowed(owner, "capability", text("(CAP_)?[A-Z_]{1,40}"), "the capability"), 60),
        "GroupAdd": each(_group(owner), 100),
        "Runtime": _allowed(owner, "runtime", text("[a-zA-Z0-9_.-]{0,64}"), "the runtime"),
        "Devices": each(_device(owner), 50),
        "DeviceRequests": each(_gpu(owner), 10),
        "Binds": each(lambda value, name: _bind(owner, value, name), 100),
        "Mounts": each(lambda value, name: _mount(owner, value, name), 100),
    }  # fmt: skip


def _allowed(owner: Owner, word: str, shape: Reader, what: str) -> Reader:
    def read(value: Any, name: str) -> str:
        found: str = shape(value, name)
        if found:
            owner.need(f"{word} {found.removeprefix('CAP_')}", f"{what} {found}")
        return found

    return read


def _security(owner: Owner) -> Reader:
    ours = only("no-new-privileges", "no-new-privileges:true", _ours())
    others = text("seccomp=.*")

    def read(value: Any, name: str) -> str:
        if isinstance(value, str) and value.startswith("seccomp=") and value != _ours():
            owner.need("other-seccomp", "a server with another seccomp profile")
            return str(others(value, name))
        return str(ours(value, name))

    return read


def _group(owner: Owner) -> Reader:
    shape = text("[0-9]{1,10}")

    def read(value: Any, name: str) -> str:
        gid = int(shape(value, name))
        if gid == 0:
            raise RefusedError("the group 0")
        if gid != IMAGES_GROUP and gid not in owner.account.gids:
            owner.need(f"group {gid}", f"the group {gid}, of which {owner.account.name} is no member,")
        return str(gid)

    return read


def _device(owner: Owner) -> Reader:
    device = nested({"PathOnHost": PATH, "PathInContainer": PATH, "CgroupPermissions": text("[rwm]{1,3}")})

    def read(value: Any, name: str) -> dict[str, Any]:
        found: dict[str, Any] = device(value, name)
        path = found.get("PathOnHost", "")
        owner.need(f"device {path}", f"the device {path}")
        return found

    return read


def _gpu(owner: Owner) -> Reader:
    request = nested({
        "Driver": text("[a-z0-9.-]{0,40}"), "Count": number(-1, 1000), "DeviceIDs": each(_SHORT, 100),
        "Capabilities": each(each(text("[a-z0-9]{1,40}"), 10), 10), "Options": unless_empty,
    })  # fmt: skip

    def read(value: Any, name: str) -> dict[str, Any]:
        owner.need("gpus", "a GPU")
        return dict(request(value, name))

    return read


def _bind(owner: Owner, value: Any, name: str) -> str:
    """One of the form source:target:mode; the source is a path, or the name of a volume."""
    source, _, rest = text(r"[^\0]{1,8192}")(value, name).partition(":")
    target, _, mode = rest.partition(":")
    if mode not in _MODES or not target.startswith("/"):
        raise RefusedError(f"{name} {value!r}")
    if source.startswith("/"):
        source = sources.bind(owner.policy, owner.account, source, target, owner.gives, read_only=mode == "ro")
    else:
        owner.need(f"volume {text(VOLUME)(source, name)}", f"the volume {source}")
    return f"{source}:{target}:{mode or 'rw'}"


def _mount(owner: Owner, value: Any, name: str) -> dict[str, Any]:
    found = fields(value, name, {
        "Type": only("bind", "volume", "tmpfs"),
        "Source": text(r"[^\0]{0,4096}"),
        "Target": PATH,
        "ReadOnly": boolean,
        "BindOptions": nested({"Propagation": only("", "rprivate", "private", "rslave", "slave")}),
        "VolumeOptions": nested({"NoCopy": boolean, "Labels": mapping(_SHORT, _SHORT)}),
        "TmpfsOptions": nested({"SizeBytes": _SIZE, "Mode": number(0, 0o1777)}),
    })  # fmt: skip
    kind, source, read_only = found.get("Type"), found.get("Source", ""), found.get("ReadOnly", False)
    target = found.get("Target", "")
    if not kind or not target:
        raise RefusedError(f"{name} without a type or a target")
    if kind == "bind":
        found["Source"] = sources.bind(owner.policy, owner.account, source, target, owner.gives, read_only=read_only)
    elif kind == "volume":
        owner.need(f"volume {text(VOLUME)(source, name)}", f"the volume {source}")
    elif source:
        raise RefusedError(f"{name}.Source {source!r}")
    return found
