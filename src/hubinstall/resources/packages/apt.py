"""Packages of the distribution. One query to dpkg covers all of them; one apt runs at a time."""

import time
from dataclasses import dataclass
from typing import ClassVar

from hubinstall.errors import CommandError, UserError, cures
from hubinstall.machine.host import Completed, Host
from hubinstall.resources.base import Change, State
from hubinstall.resources.packages import apt_lock, offline

LISTS = "/var/lib/apt/lists"
DAY = 24 * 3600
KEEP_CONFIGURATION = ("--force-confdef", "--force-confold")
# apt_lock.py waits for its locks; apt's own timeout is for a lock that is taken between that check and apt's start.
APT = (
    "apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=60", "-o", "Acquire::Retries=3", "-o", "Dpkg::Use-Pty=0",
    *(word for option in KEEP_CONFIGURATION for word in ("-o", f"Dpkg::Options::={option}")),
)  # fmt: skip
# --no-remove: better a failure than the removal of what an administrator installed.
INSTALL = ("--no-install-recommends", "--no-remove", "install")
HALF_DONE = {"half-installed", "unpacked", "half-configured", "triggers-awaited", "triggers-pending"}
"""The states of dpkg(1) for packages whose installation is not finished."""
UNREACHABLE = (
    "Failed to fetch",
    "Certificate verification failed",
    "Could not resolve",
    "Could not connect",
    "Temporary failure",
)
# Nobody can answer questions, and none of the administrator's services may be restarted.
QUIET = {"NEEDRESTART_SUSPEND": "1", "APT_LISTCHANGES_FRONTEND": "none", "UCF_FORCE_CONFFOLD": "1"}


@dataclass(frozen=True)
class Packages:
    """Some packages under one name; never uninstalled, since other programs may need them by now.

    The ledger keeps only the name: a removal has nothing to do.
    """

    kind: ClassVar[str] = "packages"
    lock: ClassVar[str | None] = "apt"
    stays: ClassVar[bool] = False
    name: str
    packages: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()

    def desired(self) -> State:
        return dict.fromkeys(self.packages, "installed")

    def actual(self, host: Host) -> State | None:
        known = statuses(host)
        found = {package: known.get(package, "not-installed") for package in self.packages}
        return None if set(found.values()) <= {"not-installed"} else found

    def apply(self, host: Host, change: Change) -> None:
        before = change.before or {}
        wanted = [package for package in self.packages if before.get(package) != "installed"]
        if offline.folder(host, offline.DEBS) and from_bundle(host, wanted):
            return
        if not fresh_lists(host):
            apt(host, "update", check=True)
        if apt(host, *INSTALL, *wanted).returncode == 0:
            return
        # An apt was killed half-way, or its lists name versions that the mirrors no longer have.
        repair(host, update=True)
        try:
            apt(host, *INSTALL, *wanted, check=True)
        except CommandError as error:
            raise UserError(f"apt could not install {', '.join(wanted)}", advice(error)) from error

    def remove(self, host: Host) -> None:
        host.notice("the distribution's packages stay installed: other programs may need them by now")


def from_bundle(host: Host, packages: list[str]) -> bool:
    """Whether apt has installed them with nothing but an offline bundle. On a machine with newer packages than it the
    usual way is left.
    """
    if not any(name.endswith("_Packages") for name in host.names(offline.LISTS)):
        apt(host, *offline.APT, "update")
    if apt(host, *offline.APT, *INSTALL, *packages).returncode == 0:
        return True
    repair(host, *offline.APT)  # an apt was killed half-way
    return apt(host, *offline.APT, *INSTALL, *packages).returncode == 0


def apt(host: Host, *arguments: str, check: bool = False) -> Completed:
    """Run apt-get as soon as nobody else does."""
    apt_lock.free(host)
    return host.run([*APT, *arguments], env=QUIET, check=check)


def repair(host: Host, *options: str, update: bool = False) -> None:
    """Finish what a killed apt or dpkg has started. Errors are ignored here: the next command shows what is left.
    `options`: more words for apt.

    The package that it was unpacking must be unpacked again first, or dpkg configures no package at all.
    """
    apt_lock.free(host)
    if again := torn(host):
        apt(host, *options, *INSTALL, "--reinstall", *again)
    host.run(["dpkg", *KEEP_CONFIGURATION, "--configure", "-a"], env=QUIET, check=False)
    if update:
        apt(host, "update")
    apt(host, *options, "--fix-broken", "--no-remove", "install")


def finish(host: Host) -> None:
    """Wait for other programs that install packages; finish the work of one that was killed."""
    apt_lock.free(host)
    if half_done(host):
        host.say("finishing the work of an apt that was killed")
        repair(host)


def torn(host: Host) -> list[str]:
    """The packages that dpkg must unpack again (dpkg(1), reinst-required). Not cached: a killed run's dpkg may still be
    running.

    Mostly these are half-installed; for a moment a package may also have the state unpacked already.
    """
    shown = ["dpkg-query", "-W", "-f", "${db:Status-Eflag} ${db:Status-Status} ${Package}\\n"]
    rows = [line.split() for line in host.query(shown, check=False).stdout.splitlines()]
    return [row[2] for row in rows if len(row) == 3 and (row[0] == "reinstreq" or row[1] == "half-installed")]


def half_done(host: Host) -> list[str]:
    """The packages whose installation an apt or dpkg has not finished."""
    return [package for package, status in statuses(host).items() if status in HALF_DONE]


def statuses(host: Host) -> dict[str, str]:
    """Every package that dpkg lists, with its status (dpkg-query(1), db:Status-Status)."""
    return host.once("packages", lambda: _ask(host))


def _ask(host: Host) -> dict[str, str]:
    listed = host.query(["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\\n"], check=False)
    found: dict[str, str] = {}
    for line in listed.stdout.splitlines():
        package, _, status = line.partition(" ")
        if found.get(package) != "installed":  # of several architectures, the installed one counts
            found[package] = "not-installed" if status == "config-files" else status
    return found


def fresh_lists(host: Host) -> bool:
    """Whether apt has package lists that are less than a day old: each update touches `partial`."""
    if not any("_Packages" in name or "_InRelease" in name for name in host.names(LISTS)):
        return False
    try:
        return time.time() - host.path(f"{LISTS}/partial").stat().st_mtime < DAY
    except FileNotFoundError:
        return False


def advice(error: CommandError) -> str:
    """What apt says, and what to do."""
    output = error.output
    lines = [line for line in output.splitlines() if line.startswith(("E:", "W:", " ", "dpkg: error"))]
    words = "\n  ".join((lines or output.splitlines())[-8:])
    if any(sign in output for sign in UNREACHABLE):
        check = "The mirrors cannot be reached. Check that `apt-get update` works here, then run it again."
        return "\n  ".join([words, check, *cures(output)])
    if "Unable to locate package" in output or "has no installation candidate" in output:
        return f"{words}\n  apt's sources do not offer it. Check /etc/apt/sources.list.d, then run it again."
    if "Could not get lock" in output:
        return f"{words}\n  Another program is installing packages. Wait until it ends, then run it again."
    return f"{words}\n  Fix what apt reports (`apt-get install -f` shows it), then run it again."
