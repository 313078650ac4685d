"""Services under systemd, through systemctl (systemctl(1), org.freedesktop.systemd1(5))."""

from typing import ClassVar

from hubinstall import layout
from hubinstall.errors import CommandError
from hubinstall.machine.host import Host
from hubinstall.machine.process_managers.base import Look

PROPERTIES = "Id,LoadState,ActiveState,SubState,UnitFileState,MainPID,NeedDaemonReload,Result,TriggeredBy"
PATIENCE = 1800.0
"""Seconds. systemctl only waits for systemd, which ends by itself what takes longer than its unit allows."""
MOST_LINES = 100_000
"""Of a log that is searched."""
STARTS_AT_BOOT = {"enabled", "static", "generated", "alias", "indirect"}


class Systemd:
    name: ClassVar[str] = "systemd"
    ours: ClassVar[bool] = False
    certificates: ClassVar[str] = layout.CERTIFICATES_TIMER

    def look(self, host: Host, service: str) -> Look:
        shown = self._show(host, service)
        if shown.get("LoadState") != "loaded":
            return Look()
        active, sub = shown["ActiveState"], shown["SubState"]
        result = shown.get("Result", "success")
        return Look(
            known=True,
            enabled=shown["UnitFileState"] in STARTS_AT_BOOT,
            # Not "reloading" or "activating": a service that is starting may still fail.
            running=active == "active",
            failed=active == "failed" or sub == "auto-restart",
            pid=int(shown.get("MainPID") or 0),
            words=f"{active} ({sub})" + ("" if result == "success" else f", {result}"),
        )

    def define(self, host: Host, service: str) -> None:
        shown = self._show(host, service)
        if shown.get("LoadState") != "loaded" or shown.get("NeedDaemonReload") == "yes":
            self.read_units(host)
            shown = self._show(host, service)
        if shown.get("UnitFileState") not in STARTS_AT_BOOT:
            host.run(["systemctl", "enable", "--quiet", unit(service)])

    def start(self, host: Host, service: str) -> None:
        # systemd refuses to start a unit that failed too often until its failures are reset.
        host.run(["systemctl", "reset-failed", unit(service)], check=False)
        self._act(host, "start", service, check=False)

    def stop(self, host: Host, service: str) -> None:
        """Also the sockets that would start it again for the next one who connects; its start brings them back."""
        sockets = self._show(host, service).get("TriggeredBy", "").split()
        for each in [*(name for name in sockets if name.endswith(".socket")), service]:
            self._act(host, "stop", each)

    def restart(self, host: Host, service: str) -> None:
        host.run(["systemctl", "reset-failed", unit(service)], check=False)
        self._act(host, "restart", service, check=False)

    def reload(self, host: Host, service: str) -> None:
        self._act(host, "reload", service)

    def forget(self, host: Host, service: str) -> None:
        if self._show(host, service).get("LoadState") == "loaded":
            host.run(["systemctl", "disable", "--quiet", "--now", unit(service)])
        host.run(["systemctl", "reset-failed", unit(service)], check=False)

    def log_command(self, service: str, lines: int, *, follow: bool) -> list[str]:
        command = ["journalctl", "--unit", unit(service), "--lines", str(lines), "--no-pager", "--output=short-iso"]
        return [*command, "--follow"] if follow else command

    def log_lines(self, host: Host, service: str, since: float = 0) -> list[str]:
        command = [*self.log_command(service, MOST_LINES, follow=False), f"--since=@{int(since)}", "--quiet"]
        return host.query(command).stdout.splitlines()

    def read_units(self, host: Host) -> None:
        """Let systemd reload its unit files; this does not affect running services."""
        host.run(["systemctl", "daemon-reload"])

    def _act(self, host: Host, verb: str, service: str, *, check: bool = True) -> None:
        """`check` off: systemd retries what fails at first, and the code that waits for the service sees the result."""
        host.run(["systemctl", verb, unit(service)], check=check, stall=PATIENCE)

    def _show(self, host: Host, service: str) -> dict[str, str]:
        return units(host).get(unit(service), {})


def unit(service: str) -> str:
    return service if "." in service else f"{service}.service"


def units(host: Host) -> dict[str, dict[str, str]]:
    """The result of `show`, cached."""
    return host.once("systemctl show", lambda: show(host))


def show(host: Host) -> dict[str, dict[str, str]]:
    """All units of an installation by name, with their properties; empty if systemd does not run."""
    units = [unit(service) for service in (*layout.SERVICES, *layout.SYSTEMDS_OWN)]
    try:
        output = host.query(["systemctl", "show", f"--property={PROPERTIES}", *units]).stdout
    except CommandError:
        return {}
    blocks = [dict(line.split("=", 1) for line in block.splitlines()) for block in output.strip().split("\n\n")]
    return {block["Id"]: block for block in blocks if "Id" in block}
