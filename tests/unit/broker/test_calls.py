"""What the hub may ask Docker for, and that whatever else it asks for is refused before Docker hears of it."""

import copy
import io
import json
import os
import pwd
import shlex
from dataclasses import replace

import pytest
from dockerspawner import DockerSpawner

from hubinstall import layout
from hubinstall.broker import calls, container, hostconfig, servers, sources
from hubinstall.broker.policy import Policy
from hubinstall.broker.refusal import MalformedError, RefusedError
from hubinstall.broker.wire import BODY, Request, read_request
from hubinstall.hubside import shares, volumes
from hubinstall.hubside.accounts import Account
from hubinstall.hubside.container import AccountFiles, bind, mounts
from hubinstall.hubside.container import host_config as of_hub
from hubinstall.hubside.limits import ServerLimits
from hubinstall.hubside.network import ServerNetwork
from hubinstall.hubside.shares import SharedFolder

NETWORK = ServerNetwork("hubinstall", "hubinstall0", "10.99.0.0/16", "10.99.0.1")
IMAGE, OTHER, ID, FOREIGN = "hubinstall/default:abc", "site/r:1", "a" * 64, "f" * 64
ADA = Account("ada", 1234, 1234, "/home/ada", "ada", frozenset({1234, 2000}))
NAME = f"jupyter-ada{layout.CONTAINER_TAIL}"
LIMITS = ServerLimits(1 << 30, 1.0, 1024, None)
MOUNTS = "1 1 0:1 / / rw shared:1 - ext4 /dev/sda rw\n"
POLICY = Policy(
    network=NETWORK, image=IMAGE, image_label="hubinstall.image=abc", image_archive="", image_pin="", uid_min=1000,
    uid_max=60000, cgroup_parent="/hubinstall-users", limits=LIMITS, shares=(SharedFolder("project", group="team"),),
)  # fmt: skip


class Engine:
    """Docker with a server of ours, somebody else's container, and three images."""

    def ask(self, path, query=None):
        labels = {layout.USER_LABEL: "ada"} if ID in path or NAME in path else {}
        if path.startswith("/containers/"):
            return {"Id": ID if labels else FOREIGN, "Config": {"Labels": labels}, "Mounts": []}
        if path.startswith("/exec/"):
            return {"ContainerID": FOREIGN}
        if path.startswith("/networks/"):
            return {"Id": "n1", "Name": NETWORK.name if NETWORK.name in path else "bridge"}
        return {"Id": "sha256:1", "Config": {"Labels": {}}, "RepoTags": ["debian:12"]}


@pytest.fixture(autouse=True)
def _ada(monkeypatch):
    """Her account is on this machine, and paths are root's alone; other tests look at paths."""
    entry = pwd.struct_passwd((ADA.name, "x", ADA.uid, ADA.gid, "", ADA.home, "/bin/sh"))
    root = pwd.struct_passwd(("root", "x", 0, 0, "", "/root", "/bin/sh"))
    people = {"ada": ADA, "root": Account("root", 0, 0, "/root"), "daemon": Account("daemon", 1, 1, "/usr/sbin")}
    monkeypatch.setattr(Account, "find", classmethod(lambda _, name: people.get(name)))
    monkeypatch.setattr(pwd, "getpwall", lambda: [entry, root])
    monkeypatch.setattr(sources, "write_files", lambda *_: None)
    monkeypatch.setattr(shares, "group_ids", lambda _: {"team": 2000})
    monkeypatch.setattr(sources, "check_path", lambda _: None)
    monkeypatch.setattr(servers, "_OURS", set())


def described():
    """What Docker's client makes of the hub's own description of her server."""
    files = AccountFiles(f"{layout.SERVER_ACCOUNTS}/1234.passwd", f"{layout.SERVER_ACCOUNTS}/1234.group")
    config = of_hub(LIMITS, POLICY.cgroup_parent, {2000}, init=False)
    return {
        "Image": IMAGE,
        "User": "1234:1234",
        "Env": ["A=b"],
        "Cmd": ["start"],
        "Entrypoint": ["sh"],
        "WorkingDir": ADA.home,
        "Labels": {layout.USER_LABEL: "ada", layout.SERVER_LABEL: ""},
        "ExposedPorts": {"8888/tcp": None},
        "HostConfig": {
            "Memory": config["mem_limit"],
            "MemorySwap": config["memswap_limit"],
            "CpuPeriod": config["cpu_period"],
            "CpuQuota": config["cpu_quota"],
            "PidsLimit": config["pids_limit"],
            "CapDrop": ["ALL"],
            "SecurityOpt": config["security_opt"],
            "ReadonlyRootfs": True,
            "Tmpfs": config["tmpfs"],
            "GroupAdd": config["group_add"],
            "CgroupParent": config["cgroup_parent"],
            "LogConfig": config["log_config"],
            "Ulimits": config["ulimits"],
            "NetworkMode": NETWORK.name,
            "Mounts": mounts(ADA, files, {"/srv/data/project": False}, MOUNTS),
            "Binds": [],
        },
    }


def asked(method, target, body=None, policy=POLICY, raw=None):
    path, _, query = target.partition("?")
    pairs = dict(part.split("=", 1) for part in query.split("&")) if query else {}
    data = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
    return calls.call(policy, Engine(), Request(method, path, pairs, {}, data))


def create(body, policy=POLICY, name=NAME):
    return asked("POST", f"/v1.43/containers/create?name={name}", body, policy)


def with_value(place, value):
    made = copy.deepcopy(described())
    target = made
    *way, last = place.split("/")
    for step in way:
        target = target[step]
    target[last] = value
    return made


def test_the_hubs_own_server_is_admitted_and_written_anew():
    call = create(described())
    assert (call.method, call.path, call.query) == ("POST", "/containers/create", {"name": NAME})
    sent = {mount["Source"]: mount["Target"] for mount in call.body["HostConfig"]["Mounts"]}
    assert sent[f"{layout.BROKER_ACCOUNTS}/1234.passwd"] == "/etc/passwd", "not the file that the hub can replace"
    assert sent["/home/ada"] == "/home/ada"
    assert f"{layout.SERVER_ACCOUNTS}/1234.passwd" not in sent
    assert call.body["ExposedPorts"] == {"8888/tcp": {}}


H = "HostConfig"
REFUSED_VALUES = [
    (f"{H}/Privileged", True), (f"{H}/privileged", True), (f"{H}/PRIVILEGED", True), ("hostconfig", {}),
    ("hostConfig", {"Privileged": True}), (f"{H}/HostConfig", {"Privileged": True}), (f"{H}/Unknown", 1),
    (f"{H}/Mounts", [{"Type": "bind", "Source": "/home/ada"}]), (f"{H}/Mounts", [{"Target": "/x"}]),
    (f"{H}/Binds", ["/:/host"]), (f"{H}/Binds", ["/etc:/x:ro"]), (f"{H}/Binds", ["/home/bob:/x"]),
    (f"{H}/Binds", ["/home/ada/../bob:/x"]), (f"{H}/Binds", ["/home/ada/:/x"]), (f"{H}/Binds", ["//home/ada:/x"]),
    (f"{H}/Binds", ["/home/ada:/x:rw,shared"]), (f"{H}/Binds", ["/home/ada:/x:rw:Z"]),
    (f"{H}/Binds", ["/home/ada:/x:z"]), (f"{H}/Binds", ["/run/docker.sock:/x"]), (f"{H}/Binds", ["scratch:/x"]),
    (f"{H}/Binds", ["../x:/x"]), (f"{H}/Binds", ["/srv/data:/srv/data:rw"]),
    (f"{H}/Binds", ["/srv/data/other:/x:rw"]), (f"{H}/Binds", [17]), (f"{H}/Mounts", [bind("/etc", "/x")]),
    (f"{H}/Mounts", [bind("/srv/data", "/srv/data")]),
    (f"{H}/Mounts", [bind("/home/ada", "/x", propagation="rshared")]),
    (f"{H}/Mounts", [bind(f"{layout.SERVER_ACCOUNTS}/1234.passwd", "/etc/passwd")]),
    (f"{H}/Mounts", [bind(f"{layout.SERVER_ACCOUNTS}/1.passwd", "/etc/passwd", read_only=True)]),
    (f"{H}/Mounts", [bind(f"{layout.SERVER_ACCOUNTS}/1234.passwd", "/home/x", read_only=True)]),
    (f"{H}/Mounts", [{"Type": "npipe", "Source": "x", "Target": "/x"}]),
    (f"{H}/Mounts", [{"Type": "volume", "Source": "x", "Target": "/x", "VolumeOptions": {"DriverConfig": {}}}]),
    (f"{H}/Mounts", [{"Type": "bind", "Source": "/home/ada", "source": "/", "Target": "/x"}]),
    (f"{H}/Devices", [{"PathOnHost": "/dev/sda", "PathInContainer": "/dev/sda", "CgroupPermissions": "rwm"}]),
    (f"{H}/DeviceCgroupRules", ["b *:* rwm"]), (f"{H}/DeviceRequests", [{"Count": -1, "Capabilities": [["gpu"]]}]),
    (f"{H}/CgroupParent", "/"), (f"{H}/CgroupParent", None), (f"{H}/PidMode", "host"), (f"{H}/IpcMode", "host"),
    (f"{H}/IpcMode", "container:x"), (f"{H}/NetworkMode", "host"), (f"{H}/NetworkMode", "bridge"),
    (f"{H}/NetworkMode", "container:x"), (f"{H}/NetworkMode", None), (f"{H}/UsernsMode", "host"),
    (f"{H}/UTSMode", "host"), (f"{H}/CgroupnsMode", "host"), (f"{H}/Sysctls", {"kernel.core_pattern": "|/x"}),
    (f"{H}/Runtime", "other"), (f"{H}/StorageOpt", {"size": "1"}), (f"{H}/VolumesFrom", ["other"]),
    (f"{H}/Links", ["other:x"]), (f"{H}/PortBindings", {"8888/tcp": [{"HostPort": "22"}]}),
    (f"{H}/PublishAllPorts", True), (f"{H}/CapAdd", ["SYS_ADMIN"]), (f"{H}/CapAdd", ["ALL"]), (f"{H}/CapDrop", []),
    (f"{H}/CapDrop", None), (f"{H}/SecurityOpt", ["no-new-privileges", "seccomp=unconfined"]),
    (f"{H}/SecurityOpt", []), (f"{H}/SecurityOpt", ["no-new-privileges"]),
    (f"{H}/SecurityOpt", ["no-new-privileges:false"]),
    (f"{H}/SecurityOpt", [*described()[H]["SecurityOpt"], "apparmor=unconfined"]), (f"{H}/ReadonlyRootfs", False),
    (f"{H}/Memory", 0), (f"{H}/Memory", None), (f"{H}/Memory", -1), (f"{H}/Memory", True), (f"{H}/PidsLimit", 0),
    (f"{H}/GroupAdd", ["0"]), (f"{H}/GroupAdd", ["root"]), (f"{H}/GroupAdd", ["42"]), (f"{H}/OomScoreAdj", -1000),
    (f"{H}/RestartPolicy", {"Name": "always"}), (f"{H}/AutoRemove", True), (f"{H}/OomKillDisable", True),
    (f"{H}/LogConfig", {"Type": "syslog"}), (f"{H}/LogConfig", {"Type": "json-file", "Config": {"path": "/etc/x"}}),
    (f"{H}/Tmpfs", {"/x": "rw exec,mpol=/"}), (f"{H}/MaskedPaths", []), (f"{H}/ReadonlyPaths", []),
    (f"{H}/VolumeDriver", "other"), (f"{H}/Annotations", {"x": "y"}), (H, None), (H, []), ("User", "0:0"),
    ("User", "root"), ("User", "1234"), ("User", "1234:0"), ("User", "1235:1235"), ("User", None), ("Image", OTHER),
    ("Image", "sha256:" + "1" * 64), ("Image", "debian"), ("Image", None), ("Labels", {layout.USER_LABEL: "root"}),
    ("Labels", {layout.USER_LABEL: "daemon"}), ("Labels", {}), ("Labels", {layout.USER_LABEL: "nobody-here"}),
    ("Labels", ["x"]), ("Volumes", {"/x": {}}), ("Runtime", "other"),
    ("NetworkingConfig", {"EndpointsConfig": {"bridge": {}}}), ("MacAddress", "02:42:ac:11:00:02"), ("Env", ["=x"]),
    ("Env", "A=b"), ("Shell", ["sh"]), ("OnBuild", ["x"]), ("Cmd", "x"), ("Env", ["A=" + "x" * 200_000]),
]  # fmt: skip


@pytest.mark.parametrize(("place", "value"), REFUSED_VALUES, ids=lambda one: str(one)[:60])
def test_a_server_that_says_anything_else_is_refused(place, value):
    with pytest.raises(RefusedError):
        create(with_value(place, value))


@pytest.mark.parametrize(
    "name", ["", "jupyter-ada", "other", f"x{layout.CONTAINER_TAIL}", f"jupyter-a/b{layout.CONTAINER_TAIL}"]
)
def test_a_server_with_another_name_is_refused(name):
    with pytest.raises(RefusedError):
        create(described(), name=name)


@pytest.mark.parametrize("person", ["Lisa", "Müller (extern)", "_x", "o'neil", "3peter", "."])
def test_a_server_has_the_name_that_dockerspawner_gives_for_any_person(person):
    name = f"jupyter-{DockerSpawner._escape(person)}{layout.CONTAINER_TAIL}"
    assert create(described(), name=name)


def test_a_key_that_comes_twice_is_refused():
    text = json.dumps(described())
    for twice in ('{"User": "0:0", ', '{"HostConfig": {"Privileged": true}, '):
        with pytest.raises(RefusedError, match="key twice"):
            asked("POST", f"/containers/create?name={NAME}", raw=(twice + text[1:]).encode())
    inner = text.replace('"HostConfig": {', '"HostConfig": {"Memory": 1, ')
    with pytest.raises(RefusedError, match="key twice"):
        asked("POST", f"/containers/create?name={NAME}", raw=inner.encode())


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b"[" * 100_000, b'{"Memory": NaN}', b"\xff", b'"x"'])
def test_what_is_no_object_is_refused(raw):
    with pytest.raises(RefusedError):
        asked("POST", f"/containers/create?name={NAME}", raw=raw)


REFUSED_CALLS = [
    ("GET", "/info"), ("GET", "/events"), ("GET", "/system/df"), ("POST", "/auth"), ("POST", "/build"),
    ("POST", "/commit"), ("POST", "/session"), ("POST", "/grpc"), ("GET", "/volumes"), ("POST", "/volumes/create"),
    ("DELETE", "/volumes/x"), ("GET", "/plugins"), ("POST", "/plugins/pull"), ("POST", "/swarm/init"),
    ("GET", "/secrets"), ("POST", "/secrets/create"), ("GET", "/configs"), ("GET", "/nodes"),
    ("POST", "/services/create"), ("POST", "/containers/prune"), ("POST", "/images/prune"),
    ("POST", "/networks/prune"), ("GET", "/networks"), ("GET", "/networks/bridge"), ("DELETE", "/networks/bridge"),
    ("POST", "/networks/hubinstall/connect"), ("DELETE", f"/images/{IMAGE}"), ("GET", f"/images/{OTHER}/json"),
    ("GET", "/images/sha256:1/json"), ("GET", f"/images/{IMAGE}/get"), ("GET", "/images/get"),
    ("POST", f"/images/{IMAGE}/push"), ("POST", "/images/debian:12/tag?repo=hubinstall/default&tag=abc"),
    ("POST", f"/images/{IMAGE}/tag?repo=debian&tag=12"), ("POST", "/images/create?fromImage=debian&tag=12"),
    ("POST", "/images/create?fromSrc=http://x"),
    ("POST", "/images/create?fromImage=hubinstall/default&tag=abc&changes=x"), ("GET", f"/containers/{FOREIGN}/json"),
    ("POST", f"/containers/{FOREIGN}/start"), ("POST", "/containers/other/stop"),
    ("DELETE", "/containers/other?v=True&force=True"), ("GET", "/containers/other/logs?stdout=1"),
    ("POST", f"/containers/{ID}/exec"), ("POST", f"/exec/{ID}/start"), ("GET", f"/exec/{ID}/json"),
    ("POST", f"/containers/{ID}/attach"), ("GET", f"/containers/{ID}/attach/ws"),
    ("POST", f"/containers/{ID}/update"), ("POST", f"/containers/{ID}/rename?name=x"),
    ("POST", f"/containers/{ID}/resize"), ("GET", f"/containers/{ID}/export"), ("GET", f"/containers/{ID}/changes"),
    ("GET", f"/containers/{ID}/top"), ("PUT", f"/containers/{ID}/archive?path=/"),
    ("GET", f"/containers/{ID}/archive?path=/etc"), ("HEAD", f"/containers/{ID}/archive"),
    ("GET", f"/containers/{ID}/logs?follow=1"), ("GET", f"/containers/{ID}/stats?stream=1"),
    ("POST", f"/containers/{ID}/start?detachKeys=x"), ("POST", f"/containers/{ID}/stop?t=-1"),
    ("POST", f"/containers/{ID}/checkpoints"), ("GET", "/v1.1/version"), ("GET", "/v2.0/version"),
    ("GET", "/v1.43/v1.43/version"), ("GET", "/v1.430/version"), ("GET", "/VERSION"),
    ("GET", "/containers/json?limit=1"), ("POST", f"/containers/create?name={NAME}&platform=x"),
    ("GET", "/images/json"), ("GET", '/images/json?filters={"label":["other"]}'),
    ("GET", '/containers/json?filters={"name":["x"]}'),
]  # fmt: skip


@pytest.mark.parametrize(("method", "target"), REFUSED_CALLS)
def test_other_calls_are_refused(method, target):
    body = {} if method == "POST" and ("exec" in target or "create" in target) else None
    with pytest.raises(RefusedError):
        asked(method, target, body)


@pytest.mark.parametrize(
    ("method", "target", "path"),
    [
        ("GET", "/version", "/version"),
        ("GET", f"/v1.41/containers/{NAME}/json", f"/containers/{ID}/json"),
        ("POST", f"/v1.43/containers/{NAME}/start", f"/containers/{ID}/start"),
        ("POST", f"/v1.43/containers/{ID}/stop?t=10", f"/containers/{ID}/stop"),
        ("DELETE", f"/v1.43/containers/{ID}?v=True&link=False&force=True", f"/containers/{ID}"),
        ("GET", f"/v1.43/images/{IMAGE}/json", f"/images/{IMAGE}/json"),
        ("GET", "/v1.43/networks/hubinstall", "/networks/n1"),
    ],
)
def test_what_the_hub_needs_is_admitted_by_id(method, target, path):
    assert asked(method, target).path == path


def test_the_list_is_of_peoples_servers_alone():
    for filters in ("{}", json.dumps({"label": [f"{layout.USER_LABEL}=ada"]})):
        call = calls.call(POLICY, Engine(), Request("GET", "/containers/json", {"all": "1", "filters": filters}))
        assert layout.USER_LABEL in json.loads(call.query["filters"])["label"]


def test_a_network_is_always_ours():
    said = {"Name": "hubinstall", "Driver": "macvlan", "Options": {"parent": "eth0"}, "IPAM": {"Config": [{}]}}
    made = asked("POST", "/networks/create", said).body
    assert (made["Driver"], made["Options"]) == ("bridge", NETWORK.options)
    for name, pool in (("other", {}), ("hubinstall", {"IPRange": "10.0.0.0/8"})):
        with pytest.raises(RefusedError):
            asked("POST", "/networks/create", {"Name": name, "IPAM": {"Config": [pool]}})


ALLOWED = [
    ("bind /srv/datasets", f"{H}/Binds", ["/srv/datasets:/datasets:ro"]),
    ("bind /srv/work rw", f"{H}/Binds", ["/srv/work:/work"]),
    ("volume scratch-*", f"{H}/Binds", ["scratch-ada:/scratch:rw"]), ("image site/r:1", "Image", OTHER),
    ("capability SYS_PTRACE", f"{H}/CapAdd", ["SYS_PTRACE"]),
    ("device /dev/kvm", f"{H}/Devices", [{"PathOnHost": "/dev/kvm", "PathInContainer": "/dev/kvm"}]),
    ("runtime nvidia", f"{H}/Runtime", "nvidia"), ("group 42", f"{H}/GroupAdd", ["42"]),
    ("gpus", f"{H}/DeviceRequests", [{"Driver": "nvidia", "Count": -1, "Capabilities": [["gpu"]]}]),
    ("no-limits", f"{H}/Memory", 0), ("other-seccomp", f"{H}/SecurityOpt", ["no-new-privileges"]),
    ("writable-root", f"{H}/ReadonlyRootfs", False),
]  # fmt: skip


@pytest.mark.parametrize(("line", "place", "value"), ALLOWED, ids=lambda one: str(one)[:40])
def test_a_line_of_config_yaml_lets_it_in_and_its_absence_is_said(line, place, value):
    body = with_value(place, value)
    with pytest.raises(RefusedError) as refused:
        create(body)
    named = line.replace("*", "ada")
    assert f"spawner.allow.docker {shlex.quote(named)} --apply" in str(refused.value)
    policy = replace(POLICY, allowed=(line,))
    assert create(body, policy).path == "/containers/create"


def test_read_only_stays_so():
    policy = replace(POLICY, allowed=("bind /srv/datasets", "volume a-*"))
    for binds in (["/srv/datasets:/x"], ["/srv/datasets/../x:/x:ro"], ["/srv/datasets/below:/x:ro"], ["b-a-c:/x"]):
        with pytest.raises(RefusedError):
            create(with_value(f"{H}/Binds", binds), policy)


def test_a_volume_is_given_to_a_person_and_nothing_else_is_done_as_root():
    assert (container.VOLUME_PLACE, container.RIGHTS) == (volumes.VOLUME, volumes.RIGHTS)
    policy = replace(POLICY, allowed=("volume scratch-*",))

    def helper(command, volume="scratch-ada", **more):
        config = {"Mounts": [{"Type": "volume", "Source": volume, "Target": "/volume"}], **more}
        body = {"Image": IMAGE, "Entrypoint": command[:1], "Cmd": command[1:], "User": "0:0", "HostConfig": config}
        return asked("POST", "/containers/create", body, policy)

    made = helper(["chown", "-R", "-h", "1234:1234", "/volume"], Privileged=True).body
    assert made["HostConfig"]["NetworkMode"] == "none"
    assert "Privileged" not in made["HostConfig"], "only the volume is read"
    for command, volume in (
        (["chown", "-R", "-h", "0:0", "/volume"], "scratch-ada"), (["chmod", "4777", "/volume"], "scratch-ada"),
        (["sh", "-c", "x"], "scratch-ada"), (["chmod", "1777", "/volume"], "other"),
        (["chmod", "1777", "/volume"], "/etc"), (["chown", "-R", "-h", "1234:1234", "/volume", "/"], "scratch-ada"),
    ):  # fmt: skip
        with pytest.raises(RefusedError):
            helper(command, volume)


GOOD = b"GET /version HTTP/1.1\r\nHost: x\r\n\r\n"
MALFORMED = [
    b"GET /version HTTP/1.0\r\n\r\n", b"GET  /version HTTP/1.1\r\n\r\n", b"GET /version HTTP/1.1\nHost: x\n\n",
    b"get /version HTTP/1.1\r\n\r\n", b"PATCH /version HTTP/1.1\r\n\r\n", b"GET //version HTTP/1.1\r\n\r\n",
    b"GET /x/%2e%2e/version HTTP/1.1\r\n\r\n", b"GET /../version HTTP/1.1\r\n\r\n",
    b"GET /./version HTTP/1.1\r\n\r\n", b"GET /version/ HTTP/1.1\r\n\r\n",
    b"GET http://docker/version HTTP/1.1\r\n\r\n", b"GET /vers\xc3\xa4 HTTP/1.1\r\n\r\n",
    b"GET /version#x HTTP/1.1\r\n\r\n", b"GET /version?a=1&a=2 HTTP/1.1\r\n\r\n", b"GET /version?a HTTP/1.1\r\n\r\n",
    b"GET /version?a=%ff HTTP/1.1\r\n\r\n",
    b"GET /version?" + b"&".join(b"a%d=1" % n for n in range(20)) + b" HTTP/1.1\r\n\r\n",
    b"POST /a HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    b"POST /a HTTP/1.1\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
    b"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /a HTTP/1.1\r\nContent-Length: +2\r\n\r\n{}", b"POST /a HTTP/1.1\r\nContent-Length: 2, 2\r\n\r\n{}",
    b"POST /a HTTP/1.1\r\nContent-Length: 5\r\n\r\n{}",
    b"POST /a HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (BODY + 1),
    b"POST /a HTTP/1.1\r\nContent-Length : 2\r\n\r\n{}", b"GET /a HTTP/1.1\r\nUpgrade: tcp\r\n\r\n",
    b"GET /a HTTP/1.1\r\nExpect: 100-continue\r\n\r\n", b"GET /a HTTP/1.1\r\nA: 1\r\n folded\r\n\r\n",
    b"GET /a HTTP/1.1\r\nA: 1\x00\r\n\r\n", b"GET /a HTTP/1.1\r\nA: 1\r\n",
    b"GET /a HTTP/1.1\r\n" + b"".join(b"A%d: 1\r\n" % n for n in range(80)) + b"\r\n",
    b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n",
]  # fmt: skip


@pytest.mark.parametrize("sent", MALFORMED, ids=lambda one: repr(one)[:50])
def test_what_can_be_read_in_two_ways_is_no_request(sent):
    with pytest.raises(MalformedError):
        read_request(io.BytesIO(sent))


def test_one_request_is_read_after_another():
    stream = io.BytesIO(b"POST /a?x=%2F HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}" + GOOD)
    first, second = read_request(stream), read_request(stream)
    assert (first.path, first.query, first.body) == ("/a", {"x": "/"}, b"{}")
    assert (second.method, second.path) == ("GET", "/version")
    assert read_request(stream) is None


def test_links_are_roots_or_refused(tmp_path, monkeypatch):
    """On a tree where what root does and what others do is told by a name: tests do not run as root."""
    monkeypatch.undo()
    real = os.path.realpath(tmp_path)
    monkeypatch.setattr(sources, "_is_roots", lambda folder: "theirs" not in folder)
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs/link").symlink_to("/etc")
    (tmp_path / "home").symlink_to(tmp_path / "theirs")
    sources.check_path(f"{real}/theirs")
    sources.check_path(f"{real}/missing/below")
    for path in (f"{real}/theirs/link", f"{real}/home/link", f"{real}/theirs/missing"):
        with pytest.raises(RefusedError, match="not root's alone"):
            sources.check_path(path)
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(RefusedError, match="too many links"):
        sources.check_path(f"{real}/loop")


def test_broker_json_and_the_code_belong_together():
    assert Policy.parse(json.dumps(POLICY.as_dict())) == POLICY
    with pytest.raises(ValueError, match="more"):
        Policy.parse(json.dumps({**POLICY.as_dict(), "more": 1}))
    assert hostconfig.IMAGES_GROUP == 100
