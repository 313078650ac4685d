"""Servers that the Engine does not know, on a host whose control groups and processes are files."""

import json

import pytest

from fakes.host import FakeHost
from hubinstall import layout
from hubinstall.errors import UserError
from hubinstall.hubside.cgroups import HIERARCHIES, PARENTS
from hubinstall.resources.docker import lost_servers as lost
from hubinstall.verify import docker_parts

GRACES, SOMEBODYS = "ab" * 32, "cd" * 32
ROOT = "/srv/old/overlay2/1/merged"
HOOK = f"1 2 8:1 /x/home.sh {layout.HOME_HOOK} ro - ext4 /dev/sda1 rw\n"


class Machine(FakeHost):
    """`known`: what the Engine knows; None: it does not answer. `ends_at`: the signals that end a process."""

    def __init__(self, root):
        super().__init__(root)
        self.known, self.ends_at, self.signals = set(), {"TERM", "KILL"}, []
        self.put(layout.DOCKER_SOCKET, "")
        self.answers |= {
            "GET /containers/json?all=1": lambda *_: (1, "") if self.known is None else self.listed(),
            "sh -c kill -s": self.kill, "ctr ": "", "umount ": "",
        }  # fmt: skip

    def listed(self):
        return json.dumps([{"Id": id_} for id_ in self.known])

    def runs(self, id_, pid, *, folder=f"{HIERARCHIES[0]}/{PARENTS[0]}/", mounts=HOOK, user="grace"):
        self.put(f"{folder.replace('ID', id_)}{'' if 'ID' in folder else id_}/cgroup.procs", f"{pid}\n{pid + 1}\n")
        self.put(f"/proc/{pid}/status", f"Name:\ttini\nNSpid:\t{pid}\t1\n")
        self.put(f"/proc/{pid + 1}/status", f"Name:\tpython\nNSpid:\t{pid + 1}\t7\n")
        self.put(f"/proc/{pid}/mountinfo", f"0 1 0:1 / / rw - overlay overlay rw\n{mounts}")
        self.put(f"/proc/{pid}/environ", f"PATH=/bin\0NB_USER={user}\0HOME=/\0")
        self.put(f"{lost.TASKS}/{id_}/config.json", json.dumps({"root": {"path": ROOT}}))

    def kill(self, argv, _input):
        self.signals.append((argv[3], argv[4]))
        if argv[3] in self.ends_at:
            for file in self.path("/sys/fs/cgroup").rglob("cgroup.procs"):
                if argv[4] in file.read_text().split():
                    file.write_text("")
        return ""

    def wait(self, seconds):
        pass


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def people(machine):
    return [server.person for server in lost.lost_servers(machine)]


@pytest.mark.parametrize(
    "folder",
    [
        "/sys/fs/cgroup/hubinstall-users/ID",
        "/sys/fs/cgroup/pids/hubinstall-users/ID",
        "/sys/fs/cgroup/hubinstall.slice/hubinstall-users.slice/docker-ID.scope",
        "/sys/fs/cgroup/systemd/hubinstall.slice/hubinstall-users.slice/docker-ID.scope",
    ],
)
def test_a_server_that_the_engine_does_not_know_is_found_in_every_layout(machine, folder):
    machine.runs(GRACES, 77, folder=folder)
    assert people(machine) == ["grace"]
    machine.known = {GRACES}
    assert people(machine) == []


def test_while_the_engine_does_not_answer_nothing_is_lost(machine):
    machine.runs(GRACES, 77)
    machine.known = None
    assert people(machine) == []
    lost.end(machine)
    assert machine.signals == []


def test_without_servers_the_engine_is_not_asked(machine):
    machine.put("/sys/fs/cgroup/hubinstall-users/cgroup.procs", "")
    assert people(machine) == []
    assert machine.questions == []


def test_a_server_that_was_removed_meanwhile_is_not_lost(machine):
    machine.runs(GRACES, 77)
    answer = machine.listed

    def listed():
        machine.kill(["sh", "-c", "", "KILL", "77"], None)
        return answer()

    machine.listed = listed
    assert people(machine) == []


def test_it_ends_cleanly_and_nothing_of_it_stays_mounted(machine):
    machine.runs(GRACES, 77)
    machine.put("/proc/77/ns/net", "")
    (machine.path(lost.NETWORK_NAMESPACES)).mkdir(parents=True)
    (machine.path(lost.NETWORK_NAMESPACES) / "1f").hardlink_to(machine.path("/proc/77/ns/net"))
    machine.put(f"{lost.NETWORK_NAMESPACES}/2e", "")
    lost.end(machine)
    assert machine.signals == [("TERM", "77")]
    assert [words for words in machine.commands if words.startswith("umount")] == [
        f"umount {lost.NETWORK_NAMESPACES}/1f",
        f"umount {ROOT}",
    ]
    assert [words.split()[-3:] for words in machine.commands if words.startswith("ctr")] == [
        ["tasks", "delete", GRACES],
        ["containers", "delete", GRACES],
    ]
    assert people(machine) == []


def test_what_ignores_the_request_is_killed_and_what_survives_that_is_said(machine):
    machine.runs(GRACES, 77)
    machine.ends_at = {"KILL"}
    lost.end(machine)
    assert machine.signals == [("TERM", "77"), ("KILL", "77")]
    machine.runs(GRACES, 77)
    machine.ends_at = set()
    with pytest.raises(UserError, match="these servers cannot be ended: grace"):
        lost.end(machine)


def test_a_container_of_somebody_else_in_our_group_is_named_and_never_ended(machine):
    machine.runs(SOMEBODYS, 99, mounts="")
    lost.end(machine)
    assert machine.signals == []
    assert people(machine) == []
    name, state, message, hint = docker_parts.lost(machine)
    assert (name, state) == ("old servers", "failed")
    assert "not of hubinstall" in message
    assert hint == f"End it: {lost.kill_command(SOMEBODYS)}"


def test_what_a_process_calls_itself_is_shown_only_if_it_is_a_name(machine):
    machine.runs(GRACES, 77, user="\033[2Jroot")
    assert people(machine) == [f"container {GRACES[:12]}"]
    assert "\033" not in docker_parts.lost(machine)[2]
