"""What runs in a person's server, against the kernel that it shares with everybody, and against its container."""

import json
from pathlib import Path
from typing import Any

import pytest

from harness import inside, installed
from harness.machine import Machine
from hubinstall.verify.client.hub import HubClient

pytestmark = pytest.mark.one_kind

# Started as a user's server is, but for the profile.
PLAIN = "docker run -i --rm --network none --cap-drop ALL --security-opt no-new-privileges {} --user 12345:12345 \
    --read-only --tmpfs /tmp --entrypoint python3 $(docker images --quiet hubinstall/default | head -1) -"
REFUSED = {1, 38}
"""Of errno: EPERM and ENOSYS."""
OPEN_IN_LATER_DOCKERS = {310, 311, 329, 330, 331}
"""process_vm_readv and process_vm_writev: Docker 20.10 refused them, and let in ptrace, which can do the same. And
where a processor has protection keys, pkey_mprotect, pkey_alloc and pkey_free: a process's own memory alone (moby,
pull request 43490).
"""
NEVER = {
    "acct": 163, "add_key": 248, "adjtimex": 159, "bpf": 321, "chroot": 161, "clock_adjtime": 305,
    "clock_settime": 227, "clone3": 435, "delete_module": 176, "fanotify_init": 300, "fanotify_mark": 301,
    "finit_module": 313, "fsconfig": 431,
    "fsmount": 432, "fsopen": 430, "fspick": 433, "init_module": 175, "io_uring_enter": 426, "io_uring_register": 427,
    "io_uring_setup": 425, "ioperm": 173, "iopl": 172, "kcmp": 312, "kexec_file_load": 320, "kexec_load": 246,
    "keyctl": 250, "lookup_dcookie": 212, "mbind": 237, "memfd_secret": 447, "migrate_pages": 256, "modify_ldt": 154,
    "mount": 165, "mount_setattr": 442, "move_mount": 429, "move_pages": 279, "name_to_handle_at": 303,
    "open_by_handle_at": 304, "open_tree": 428, "perf_event_open": 298, "pidfd_getfd": 438, "pivot_root": 155,
    "process_madvise": 440, "quotactl": 179, "quotactl_fd": 443, "reboot": 169, "remap_file_pages": 216,
    "request_key": 249, "set_mempolicy": 238, "setdomainname": 171, "setfsgid": 123, "setfsuid": 122,
    "sethostname": 170, "setns": 308, "settimeofday": 164, "swapoff": 168, "swapon": 167, "sysfs": 139, "syslog": 103,
    "umount2": 166, "unshare": 272, "uselib": 134, "userfaultfd": 323, "ustat": 136, "vhangup": 153, "vmsplice": 278,
}  # fmt: skip
"""Numbers on x86-64 (the kernel's syscall_64.tbl)."""
OPEN_OTHERWISE = ("add_key", "bpf", "io_uring_setup", "keyctl", "mount", "setns", "unshare", "userfaultfd", "vmsplice")
VSOCK, ALG, WIDE = "40", "38", str((1 << 32) + 40)
FAMILIES = {"1", "2", "10", "16"}
# Root's, with the bit that would lend root's rights, and devices: as if somebody had copied them there.
PLANT = """
cd /home/grace && mkdir -p planted && cd planted
cp /usr/bin/id suid && chmod 4755 suid
mknod disk b 8 0 && mknod memory c 1 1 && mknod kmsg c 1 11 && chmod 666 disk memory kmsg
"""


def said(grace: HubClient, script: Path) -> Any:
    """What it prints as a program that a cell starts."""
    start = "print(subprocess.run([sys.executable, '-'], input={!r}, text=True, stdout=-1).stdout)"
    cell = f"import subprocess, sys\n{start}"
    return json.loads(grace.run_cell(cell.format(script.read_text()), timeout=300))


def refused(found: dict[str, Any]) -> set[int]:
    return {int(number) for number, error in found["numbers"].items() if error in REFUSED}


def test_the_kernel_answers_a_server_less_than_docker_lets_it(installed_machine: Machine, grace: HubClient) -> None:
    """Of every number that a call can have, nothing is open that Docker's own profile closes."""
    script = inside.CALLS.read_bytes()
    loose = json.loads(installed_machine.run(PLAIN.format("--security-opt seccomp=unconfined"), stdin=script).out)
    dockers = json.loads(installed_machine.run(PLAIN.format(""), stdin=script).out)
    here = said(grace, inside.CALLS)
    for name in OPEN_OTHERWISE:
        assert NEVER[name] not in refused(loose), f"without a profile {name} is open"
    for name, number in NEVER.items():
        assert number in refused(here), name
    for number in refused(dockers) - OPEN_IN_LATER_DOCKERS:
        assert number in refused(here)
    for name in ("unshare user", "clone user+net"):
        assert loose["namespaces"][name] not in REFUSED, name
    for name, error in here["namespaces"].items():
        assert error == 1, name
    assert {family for family in (VSOCK, ALG, WIDE) if loose["families"][family]} == {VSOCK, ALG, WIDE}
    assert {family for family, answered in here["families"].items() if answered} == FAMILIES
    assert loose["personalities"]["262144"] == 0
    assert here["personalities"] == {"0": 0, "8": 0, "131072": 0, "262144": 1, "1048576": 1}
    assert loose["32 bits"] == 0
    assert (here["32 bits"], here["x32"]) == (-31, -31), "SIGSYS"
    counts = [len(refused(found)) for found in (loose, dockers, here)]
    print(f"refused without a profile, by Docker, here: {counts}")


def test_a_server_is_a_cage(installed_machine: Machine, grace: HubClient) -> None:
    """Nothing of the host is read or written, and what root has left in the home lends nothing."""
    installed_machine.run(PLANT)
    found = said(grace, inside.CAGE)
    for name, refusal in found["refused"].items():
        assert refusal, name
    assert len(found["refused"]) > 55
    flags = {name: value for name, value in found["status"].items() if name.startswith("Cap")}
    assert flags == dict.fromkeys(("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"), "0" * 16)
    assert (found["status"]["NoNewPrivs"], found["status"]["Seccomp"]) == ("1", "2")
    assert found["limits"] == {"core": [0, 0], "files": [16384, 16384]}
    uid = installed_machine.run("id -u grace").out.strip()
    assert found["planted"] == {"disk": "EPERM", "kmsg": "EPERM", "memory": "EPERM", "suid": uid}
    # Root makes it a floor, where root may (CAP_SYS_RESOURCE): a test host's container may lack that.
    tried = "echo 500 > /proc/self/oom_score_adj; runuser -u grace -- sh -c 'echo 499 > /proc/self/oom_score_adj'"
    is_floor = installed_machine.run(tried, check=False).code != 0
    assert found["a lower oom_score_adj"] == ("EACCES" if is_floor else "")


def test_what_people_do_goes_on_in_the_cage(grace: HubClient) -> None:
    found = said(grace, inside.WORK)
    for name, failure in found.items():
        assert not failure, name
    assert len(found) >= 15


def test_an_administrators_own_profile_counts(installed_machine: Machine) -> None:
    """A drop-in's security_opt takes the place of ours."""
    machine, dropin = installed_machine, "/etc/hubinstall/jupyterhub_config.d/profile.py"
    words = ["no-new-privileges", "seccomp=unconfined"]
    machine.write(dropin, f"c.DockerSpawner.extra_host_config = {{'security_opt': {words}}}\n")
    machine.run("hubinstall config set spawner.allow.docker [other-seccomp] --apply")
    try:
        with installed.client(machine) as ada:
            ada.login(installed.ADMIN, installed.ADMIN_PASSWORD)
            ada.start_server()
            name = installed.container(installed.ADMIN)
            shown = machine.run(f"docker inspect --format '{{{{json .HostConfig.SecurityOpt}}}}' {name}").out
            assert json.loads(shown) == words
            ada.stop_server()
    finally:
        machine.run(["rm", dropin])
        machine.run("hubinstall config unset spawner.allow.docker --apply")
        installed.wait_for_login_page(machine)
