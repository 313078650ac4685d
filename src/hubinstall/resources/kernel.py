"""Tables of the kernel's packet filter, and the kernel settings that they depend on."""

import json
import re
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar

from hubinstall.errors import UserError
from hubinstall.machine.host import Completed, Host
from hubinstall.resources.base import KEPT, Change, State, digest

ADDED = re.compile(r"(\bflags [a-z,]*dynamic[^{}]*?)\s*elements = \{[^{}]*\}")
FAMILIES = ("inet", "bridge")
"""The families of nft(8) in which we may have a table."""


@dataclass(frozen=True)
class FirewallTable:
    """A table of nftables in the kernel; its rules are loaded from the file `path`.

    The kernel lists rules in a form of its own. So its listing right after a load is recorded in the file `loaded`,
    with the digest of the rules: later listings are compared with it, and a rule that someone deleted is noticed.
    `families`: the families of nft in which the rules define a table of this name.
    """

    kind: ClassVar[str] = "firewall-table"
    lock: ClassVar[str | None] = "firewall"
    stays: ClassVar[bool] = False
    name: str
    loaded: str = field(default="", metadata=KEPT)
    path: str = ""
    rules: str = field(default="", repr=False)
    families: tuple[str, ...] = FAMILIES
    needs: tuple[str, ...] = ()

    def desired(self) -> State:
        return {"rules": digest(self.rules), "as loaded": True}

    def actual(self, host: Host) -> State | None:
        listing = host.once(f"nft table {self.name}", partial(self._listing, host))
        if listing is None:
            return None
        try:
            record = json.loads(host.text(self.loaded))
            return {"rules": record["rules"], "as loaded": record["listing"] == digest(listing)}
        except (ValueError, KeyError, TypeError):
            return {"rules": "unknown", "as loaded": False}

    def apply(self, host: Host, change: Change) -> None:
        done = host.run(["nft", "-f", self.path], check=False)
        if done.returncode:
            raise UserError(
                f"the kernel rejected the firewall rules in {self.path}",
                f"{done.stderr.strip()}\nPeople's servers must not run without them: use a kernel with nf_tables.",
            )
        record = {"rules": change.after and change.after["rules"], "listing": digest(self._listing(host) or "")}
        host.write(self.loaded, (json.dumps(record) + "\n").encode(), mode="0600")

    def start_again(self, host: Host) -> None:
        """Load the rules again after a rollback has restored their file and the record, if there were any."""
        if host.exists(self.path):
            host.run(["nft", "-f", self.path])

    def remove(self, host: Host) -> None:
        for family in FAMILIES:
            if self._list(host, family).returncode == 0:
                host.run(["nft", "delete", "table", family, self.name])
        host.remove(self.loaded)

    def _listing(self, host: Host) -> str | None:
        """The kernel's listing without counters, and without what packets add to sets (`flags dynamic`); None if one
        of the tables is missing.
        """
        lists = [self._list(host, family) for family in self.families]
        if any(done.returncode for done in lists):
            return None
        return ADDED.sub(r"\1", "".join(done.stdout for done in lists))

    def _list(self, host: Host, family: str) -> Completed:
        return host.query(["nft", "-s", "-nn", "list", "table", family, self.name], check=False)


@dataclass(frozen=True)
class KernelSetting:
    """A setting of sysctl(8) in the running kernel that needs a module. Never reset: others may rely on it."""

    kind: ClassVar[str] = "kernel-setting"
    lock: ClassVar[str | None] = None
    stays: ClassVar[bool] = True
    name: str
    value: str = field(default="", metadata=KEPT)
    module: str = field(default="", metadata=KEPT)
    needs: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        return "/proc/sys/" + self.name.replace(".", "/")

    def desired(self) -> State:
        return {"value": self.value}

    def actual(self, host: Host) -> State | None:
        found = host.read(self.path)
        return None if found is None else {"value": found.decode().strip()}

    def apply(self, host: Host, change: Change) -> None:
        if change.before is None:
            host.run(["modprobe", self.module])
        if host.text(self.path).strip() != self.value:
            host.run(["tee", self.path], input=f"{self.value}\n")

    def remove(self, host: Host) -> None:
        """It stays."""
