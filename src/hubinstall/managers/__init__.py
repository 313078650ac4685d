"""The process managers: one small abstraction, two implementations. Nothing outside this folder asks which is there."""

from hubinstall import layout
from hubinstall.host import Host
from hubinstall.managers.base import Look, Manager
from hubinstall.managers.supervisor import Supervisor
from hubinstall.managers.systemd import Systemd

MANAGERS: dict[str, Manager] = {manager.name: manager for manager in (Systemd(), Supervisor())}


def installed(host: Host) -> Manager:
    """The one that this installation runs under."""
    return MANAGERS["supervisor" if host.exists(layout.SUPERVISOR_CONFIG) else "systemd"]


__all__ = ["MANAGERS", "Look", "Manager", "installed"]
