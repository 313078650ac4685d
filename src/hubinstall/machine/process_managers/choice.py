"""The process managers: one small abstraction, two implementations.

What they do differently is asked of `Manager`. Its name counts only for the blueprint, which writes other files for
each, and where it is found out (facts.py) and compared with the setting (preflight).
"""

from hubinstall import layout
from hubinstall.machine.host import Host
from hubinstall.machine.process_managers.base import Manager
from hubinstall.machine.process_managers.supervisor import Supervisor
from hubinstall.machine.process_managers.systemd import Systemd

MANAGERS: dict[str, Manager] = {manager.name: manager for manager in (Systemd(), Supervisor())}


def installed(host: Host) -> Manager:
    """The one that this installation runs under."""
    return MANAGERS["supervisor" if host.exists(layout.SUPERVISOR_CONFIG) else "systemd"]


def services(host: Host, manager: Manager) -> list[str]:
    """The names of the services that this installation has, in the order in which they start."""
    if manager.name == "supervisor":
        names = (*layout.SERVICES, *layout.SUPERVISORS_OWN)
        return [name for name in names if host.exists(layout.supervisor_program(name))]
    # systemd knows of every slice that could be: only one with a file is ours.
    own = [name for name in layout.SYSTEMDS_OWN if host.exists(f"{layout.SYSTEMD_UNITS}/{name}")]
    known = [name for name in (*layout.SERVICES, *own) if manager.look(host, name).known]
    return known if host.exists(layout.unit(layout.HUB_SERVICE)) else []


def forget_all(host: Host, manager: str) -> None:
    """After the last of our unit files is gone: systemd keeps a stopped unit until it is made to look again."""
    if manager == Systemd.name:
        Systemd().read_units(host)
