"""Homes that refuse what root does there, or change meanwhile: apply and uninstall succeed, and name whose they are."""

from contextlib import ExitStack

import pytest

from harness import inside, installed, remains
from harness.commands import Result
from harness.machine import Machine

pytestmark = pytest.mark.one_kind

# As root, in the shell: $home and $name are the person's, and $link is where the share's link goes.
OCCUPIED = {
    "fifo": 'mkfifo "$link"',
    "socket": "python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' \"$link\"",
    "crowded": 'mkdir "$link"; cd "$link"; seq 100000 | xargs touch',
    "elsewhere": 'ln -s /etc "$link"',
    "dangling": 'ln -s /nowhere/at/all "$link"',
}
REFUSALS = {
    "closed": ('chmod 500 "$home"', "its owner may not write there"),
    "shut": ('chmod 000 "$home"', "its owner may not write there"),
    "readonly": ('mount --bind "$home" "$home"; mount -o remount,bind,ro "$home"', "Read-only file system"),
    "full": ('mount -t tmpfs -o nr_inodes=1,mode=700,uid=$(id -u $name) tmpfs "$home"', "No space left on device"),
    "fixed": ('chattr +i "$home"', "Operation not permitted"),
}
AWAY: dict[str, tuple[str, ...]] = {"away": (), "stuck": ("read",)}
"""Homes on a file system that answers nothing: who asks can be killed, or cannot."""
CURE = """
while grep -q " $home " /proc/self/mounts; do umount -l "$home"; done
chattr -i "$home" || :
chmod 700 "$home"
"""
FLIPS = "flips"
FLIP = """
while :; do ln -sfn /etc course; ln -sfn /srv/data/course course; rm -f course; mkdir course; rmdir course; done
"""
NOT_HOMES = {"linked": 'mv "$home" /home/.moved; ln -s /etc "$home"', "others": 'chown root "$home"'}
PEOPLE = [*OCCUPIED, *REFUSALS, *AWAY, FLIPS, *NOT_HOMES]
SECONDS = 300
"""For a command, whatever the homes do: one that waits for them would wait for ever."""


def in_each(machine: Machine, scripts: dict[str, str]) -> None:
    lines = [f"set -e; name={name} home=/home/{name} link=/home/{name}/course\n{scripts[name]}" for name in scripts]
    machine.run("\n".join(f"({line})" for line in lines))


@pytest.fixture(scope="module")
def homes(installed_machine: Machine) -> Machine:
    machine = installed_machine
    machine.run("command -v chattr || apt-get install -qy e2fsprogs")
    for number, name in enumerate(PEOPLE):
        machine.run(["useradd", "-m", "-K", "HOME_MODE=0700", "-u", str(3000 + number), name])
    machine.write("/root/silent.py", inside.SILENT.read_bytes())
    return machine


def disturbed(machine: Machine, *commands: str) -> list[Result]:
    """Run these while homes are away and a link changes without pause."""
    with ExitStack() as stack:
        for name, how in AWAY.items():
            away = stack.enter_context(machine.background(["python3", "/root/silent.py", f"/home/{name}", *how]))
            assert away.stdout
            assert away.stdout.readline() == b"away\n", name
        stack.enter_context(machine.background(["runuser", "-u", FLIPS, "--", "sh", "-c", f"cd ~{FLIPS}; {FLIP}"]))
        return [machine.run(command, timeout=SECONDS) for command in commands]


def noticed(done: Result, person: str, words: str) -> bool:
    lines = [line for line in done.err.splitlines() if line.startswith("note: ") and f"/home/{person}/course" in line]
    return any(words in line for line in lines)


def test_an_apply_goes_on_and_tries_again(homes: Machine) -> None:
    machine = homes
    in_each(machine, {**OCCUPIED, **{name: refusal for name, (refusal, _) in REFUSALS.items()}, **NOT_HOMES})
    before = machine.run("ls -A /etc").out
    share = "hubinstall config set shares.course '{access: read-only}' --apply"
    applied, again, _ = disturbed(machine, share, "hubinstall apply", "hubinstall plan")
    for person in OCCUPIED:
        assert noticed(applied, person, "was not replaced by a link"), person
    for person, (_, why) in REFUSALS.items():
        assert noticed(applied, person, why), person
        assert noticed(again, person, why), person
    for person in AWAY:
        assert noticed(applied, person, "it does not answer"), person
    assert machine.run("ls -A /etc").out == before
    assert machine.run(f"readlink /home/{installed.PERSON}/course").out == "/srv/data/course\n"
    in_each(machine, dict.fromkeys([*REFUSALS, *AWAY], CURE))
    machine.run(f"rm -rf /home/{FLIPS}/course; hubinstall apply")
    for person in (*REFUSALS, *AWAY, FLIPS):
        assert machine.run(["readlink", f"/home/{person}/course"]).out == "/srv/data/course\n", person
    assert installed.plan(machine) == []


def test_an_uninstall_goes_on(homes: Machine) -> None:
    machine = homes
    without_full = {name: refusal for name, (refusal, _) in REFUSALS.items() if name != "full"}
    in_each(machine, without_full)
    [done] = disturbed(machine, "hubinstall uninstall --yes")
    for person in (*without_full, *AWAY):
        assert noticed(done, person, "stays"), person
    assert not machine.exists(f"/home/{installed.PERSON}/course")
    assert machine.exists("/home/crowded/course/100000")
    in_each(machine, dict.fromkeys([*without_full, *AWAY], CURE))
    assert remains.traces(machine) == {}
