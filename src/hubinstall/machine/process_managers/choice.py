"""The process managers: one small abstraction, two implementations.

Their differences are in `Manager`. Its name only matters to the blueprint, which writes different files for each, and
where it is determined (facts.py) and compared with the setting (preflight).
"""

from hubinstall import layout
from hubinstall.machine.host import Host
from hubinstall.machine.process_managers.base import Manager
from hubinstall.machine.process_managers.supervisor import Supervisor
from hubinstall.machine.process_managers.systemd import Systemd

MANAGERS: dict[str, Manager] = {manager.name: manager for manager in (Systemd(), Supervisor())}


def installed(host: Host) -> Manager:
    """The process manager of this installation."""
    return MANAGERS["supervisor" if host.exists(layout.SUPERVISOR_CONFIG) else "systemd"]


def services(host: Host, manager: Manager) -> list[str]:
    """The names of this installation's services, in the order in which they start."""
    if manager.name == "supervisor":
        names = (*layout.SERVICES, *layout.SUPERVISORS_OWN)
        return [name for name in names if host.exists(layout.supervisor_program(name))]
    # systemd reports every slice as loaded, even one that does not exist: only a slice with a file is ours.
    own = [name for name in layout.SYSTEMDS_OWN if host.exists(f"{layout.SYSTEMD_UNITS}/{name}")]
    known = [name for name in (*layout.SERVICES, *own) if manager.look(host, name).known]
    return known if host.exists(layout.unit(layout.HUB_SERVICE)) else []


def forget_all(host: Host, manager: str) -> None:
    """Called after the last of our unit files was removed: systemd keeps a stopped unit until it reloads its files."""
    if manager == Systemd.name:
        Systemd().read_units(host)
