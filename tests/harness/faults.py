"""Faults of a machine: how to cause each, what must be said about it, and how to remove the cause."""

import enum
import time
from collections.abc import Iterator
from dataclasses import dataclass

from harness import addresses, installed
from harness.machine import Machine
from hubinstall.verify.client.hub import HubClient
from hubinstall.verify.client.kernel import Kernel

BACK_WITHIN = 60.0
"""Seconds until the login page must appear."""
CHANGE = "hubinstall config set limits.processes $NUMBER --apply"
"""With a different number each time, so that there is always something to do."""
# What the commands of a fault may use. `small DIR KB [INODES]` mounts a file system of that size over a directory and
# copies its content; `big` removes it again. `leave DIR KB` takes all but that much of its free space. `thief ADDRESS
# PORT` listens there as soon as it can; `stolen PORT` waits until it does. `shows PEM` waits until nginx shows that
# certificate.
TOOLS = r"""set -e
small() {
    new=/mnt/$(echo "$1" | tr / _); mkdir -p "$new"
    used=$(( $(du -s --block-size=4096 "$1" | cut -f1) * 4 + $(find "$1" | wc -l) * 4 ))
    files=${3:+,nr_inodes=$(( $(find "$1" | wc -l) + $3 ))}
    mount -t tmpfs -o "size=$(( used + $2 ))k,mode=$(stat -c %a "$1")$files" tmpfs "$new"
    cp -a "$1/." "$new/"; chown --reference="$1" "$new"; mount --bind "$new" "$1"
}
big() { new=/mnt/$(echo "$1" | tr / _); umount -l "$1"; umount -l "$new"; rmdir "$new"; }
leave() { fallocate -l "$(( $(df --output=avail -k "$1" | tail -n 1) - $2 ))k" "$1/fill"; }
fill() { cat /dev/zero >"$1/fill" 2>/dev/null || true; }
read_only() { mount --bind "$1" "$1"; mount -o remount,ro,bind "$1"; }
thief() {
    setsid python3 -c '
import socket, sys, time
server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
while server.fileno() >= 0:
    try:
        server.bind((sys.argv[1], int(sys.argv[2])))
        server.listen()
        break
    except OSError:
        time.sleep(0.001)
time.sleep(3600)' "$@" </dev/null >/dev/null 2>&1 &
    echo $! >/run/thief.pid
}
stolen() { within 600 bash -c 'ss -ltnpH "sport = :$1" | grep -q "pid=$(cat /run/thief.pid),"' stolen "$1"; }
shows() {
    within 600 bash -c '[ "$(openssl s_client -connect 127.0.0.1:443 </dev/null 2>/dev/null |
        openssl x509 -noout -fingerprint 2>/dev/null)" = "$(openssl x509 -noout -fingerprint -in "$1")" ]' shows "$1"
}
caught() { kill "$(cat /run/thief.pid)"; }
within() { for turn in $(seq "$1"); do sleep 0.1; "${@:2}" && return; done; return 1; }
"""


class Lives(enum.Enum):
    """What must still work during the fault."""

    ALL = "the login page and people's servers"
    BEHIND_NGINX = "the same, at the proxy's socket"
    SERVERS = "people's servers"


@dataclass(frozen=True)
class Fault:
    """`words`: the command `meanwhile` prints all of them and ends with `code`. `again`: the command that succeeds once
    the cause is gone. `returns`: the login page returns without it.
    """

    name: str
    cause: str
    cure: str
    words: tuple[str, ...]
    meanwhile: str = CHANGE
    code: int = 1
    again: str = ""
    lives: Lives = Lives.ALL
    returns: bool = False

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Place:
    """A machine on which one person's server and kernel are running."""

    machine: Machine
    grace: HubClient
    kernel: Kernel
    numbers: Iterator[int]


def endured(place: Place, fault: Fault) -> None:
    """Its cause appears, is named, harms nobody and is removed; then the next run completes."""
    machine, number = place.machine, {"NUMBER": str(next(place.numbers))}
    _do(machine, fault.cause)
    try:
        ended = machine.run(fault.meanwhile, check=False, env=number)
        assert ended.code == fault.code, ended
        for words in fault.words:
            assert words in ended.err, ended
        assert "bug in hubinstall" not in ended.err  # a traceback from the hub's log is not ours
        _lives(place, fault.lives)
    finally:
        _do(machine, fault.cure)
    if fault.returns:
        installed.wait_for_login_page(machine, BACK_WITHIN)
    machine.run(fault.again or fault.meanwhile, env=number)
    if fault.lives is Lives.BEHIND_NGINX:
        place.kernel.reconnect()  # as a page does: its connection went through the nginx that was stopped
    assert installed.plan(machine) == []
    _lives(place, Lives.ALL)


def _do(machine: Machine, command: str) -> None:
    machine.run(["bash", "-c", TOOLS + command])


def _lives(place: Place, what: Lives) -> None:
    """People's kernels keep running, whatever else does not."""
    if what is Lives.ALL:
        begun = time.monotonic()
        installed.wait_for_login_page(place.machine, BACK_WITHIN)
        assert time.monotonic() - begun < BACK_WITHIN
        assert installed.server_answers(place.grace)
        assert place.kernel.execute("print(kept)") == "42\n"
        return
    socket = "curl -s -o /dev/null -w '%{http_code}' --unix-socket /run/hubinstall/proxy-public/public.sock"
    hub = f"http://hub{addresses.here().path}"
    assert place.machine.run(f"{socket} {hub}user/{place.grace.user}/api").out == "200"
    if what is Lives.BEHIND_NGINX:
        assert place.machine.run(f"{socket} {hub}hub/login").out == "200"
    else:
        assert place.kernel.execute("print(kept)") == "42\n"
